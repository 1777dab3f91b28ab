//! Object storage with the S3 interface: put, get, list and delete, signed with AWS Signature Version 4.
//!
//! Written out because four requests do not justify a client of dozens of crates. Addresses are in path style, which every
//! server of this kind understands.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use clock::Timestamp;
use data_encoding::HEXLOWER;
use reqwest::{Client, Method, Response};
use secret::Secret;
use url::Url;

use crate::{Error, Result};

/// A folder in a bucket.
#[derive(Clone)]
pub struct S3 {
    /// `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`
    pub endpoint: Url,
    pub region: String,
    pub bucket: String,
    /// Ends with a slash, or is empty.
    pub prefix: String,
    pub access_key: String,
    pub secret_key: Secret<String>,
}

/// How long one request may take: a large backup over a slow line.
const PATIENCE: Duration = Duration::from_mins(30);
/// Longest answer to a list.
const LONGEST_LIST: usize = 4 << 20;

impl S3 {
    pub async fn put(&self, name: &str, from: &Path) -> Result<()> {
        let body = tokio::fs::read(from).await.map_err(|e| Error::File(from.display().to_string(), e))?;
        self.ask(Method::PUT, name, &[], body).await.map(|_| ())
    }

    pub async fn get(&self, name: &str, to: &Path) -> Result<()> {
        let mut answer = self.ask(Method::GET, name, &[], Vec::new()).await?;
        let wrong = |e| Error::File(to.display().to_string(), e);
        let mut file = tokio::fs::File::create(to).await.map_err(wrong)?;
        while let Some(part) = answer.chunk().await.map_err(|e| remote(&e))? {
            tokio::io::AsyncWriteExt::write_all(&mut file, &part).await.map_err(wrong)?;
        }
        file.sync_all().await.map_err(wrong)
    }

    pub async fn delete(&self, name: &str) -> Result<()> {
        self.ask(Method::DELETE, name, &[], Vec::new()).await.map(|_| ())
    }

    /// The names in the folder.
    pub async fn list(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let after = names.last().map(|name| format!("{}{name}", self.prefix)).unwrap_or_default();
            let mut query = vec![("list-type", "2"), ("prefix", self.prefix.as_str())];
            if !after.is_empty() {
                query.push(("start-after", after.as_str()));
            }
            let mut answer = self.ask(Method::GET, "", &query, Vec::new()).await?;
            let mut text = Vec::new();
            while let Some(part) = answer.chunk().await.map_err(|e| remote(&e))? {
                text.extend(&part);
                if text.len() > LONGEST_LIST {
                    return Err(Error::Remote("the object storage's list is too long".into()));
                }
            }
            let text = String::from_utf8_lossy(&text);
            let before = names.len();
            for part in text.split("<Key>").skip(1) {
                let key = part.split("</Key>").next().unwrap_or_default();
                // Our own names need no escape; others are not ours to touch.
                if let Some(name) = key.strip_prefix(&self.prefix).filter(|name| !name.contains(['/', '&'])) {
                    names.push(name.to_owned());
                }
            }
            if !text.contains("<IsTruncated>true</IsTruncated>") || names.len() == before {
                return Ok(names);
            }
        }
    }

    async fn ask(&self, method: Method, name: &str, query: &[(&str, &str)], body: Vec<u8>) -> Result<Response> {
        let path = match name {
            "" => format!("/{}", self.bucket),
            name => format!("/{}/{}{name}", self.bucket, self.prefix),
        };
        let path = escaped(&path, true);
        let mut pairs: Vec<String> =
            query.iter().map(|(n, v)| format!("{}={}", escaped(n, false), escaped(v, false))).collect();
        pairs.sort();
        let query = pairs.join("&");
        let base = self.endpoint.as_str().trim_end_matches('/');
        let address = if query.is_empty() { format!("{base}{path}") } else { format!("{base}{path}?{query}") };
        let url: Url = address.parse().map_err(|e| Error::Remote(format!("{address}: {e}")))?;
        let sum = HEXLOWER.encode(digest(&SHA256, &body).as_ref());
        let now = clock::Clock::system().now();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let headers = [("host", host.as_str()), ("x-amz-content-sha256", &sum), ("x-amz-date", &stamp)];
        let signed = Signed { method: method.as_str(), path: url.path(), query: &query, headers: &headers, sum: &sum };
        let authorization = self.authorization(&signed, now);
        let client = Client::builder()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| remote(&e))?;
        let request = client
            .request(method, url)
            .header("x-amz-content-sha256", &sum)
            .header("x-amz-date", &stamp)
            .header("authorization", authorization)
            .body(body);
        let mut answer = request.send().await.map_err(|e| remote(&e))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.chunk().await.ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let code = text.split("<Code>").nth(1).and_then(|t| t.split("</Code>").next()).unwrap_or_default();
        Err(Error::Remote(format!("the object storage {} answered {status} {code}", self.endpoint)))
    }

    fn authorization(&self, request: &Signed<'_>, now: Timestamp) -> String {
        let (day, stamp) = (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string());
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let canonical = HEXLOWER.encode(digest(&SHA256, request.canonical().as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}");
        let mut key = format!("AWS4{}", self.secret_key.expose()).into_bytes();
        for part in [day.as_str(), &self.region, "s3", "aws4_request", &text] {
            key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
        }
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={}",
            self.access_key,
            request.names(),
            HEXLOWER.encode(&key)
        )
    }
}

/// What is signed of a request. The headers are in the order of their names.
struct Signed<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a [(&'a str, &'a str)],
    sum: &'a str,
}

impl Signed<'_> {
    fn names(&self) -> String {
        self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
    }
    fn canonical(&self) -> String {
        let headers: Vec<String> = self.headers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        let headers = headers.join("\n");
        format!("{}\n{}\n{}\n{headers}\n\n{}\n{}", self.method, self.path, self.query, self.names(), self.sum)
    }
}

fn escaped(text: &str, is_path: bool) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(b).to_string(),
            b'/' if is_path => "/".to_owned(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

/// The whole chain of causes: the library's own text says only where it happened.
fn remote(error: &reqwest::Error) -> Error {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    Error::Remote(text)
}

#[cfg(test)]
mod tests {
    //! The signature, against the example in the documentation of Amazon S3.

    use super::*;

    #[test]
    fn the_documented_request_is_signed_alike() {
        let s3 = S3 {
            endpoint: "https://examplebucket.s3.amazonaws.com".parse().unwrap(),
            region: "us-east-1".into(),
            bucket: String::new(),
            prefix: String::new(),
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
        };
        let sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", sum),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let request = Signed { method: "GET", path: "/test.txt", query: "", headers: &headers, sum };
        let signed = s3.authorization(&request, "2013-05-24T00:00:00Z".parse().unwrap());
        assert!(
            signed.ends_with("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
            "{signed}"
        );
    }
}
