//! Where backups are kept: a folder, or object storage. Only files with our own names are ever looked at or removed.

use std::path::{Path, PathBuf};

use clock::Timestamp;

use crate::{Error, Result, S3};

#[derive(Clone)]
pub enum Place {
    Folder(PathBuf),
    S3(Box<S3>),
}

/// The name of a backup made then: their order is that of time.
pub fn name(at: Timestamp) -> String {
    at.strftime("keywright-%Y%m%dT%H%M%SZ.backup").to_string()
}

fn is_ours(name: &str) -> bool {
    let middle = name.strip_prefix("keywright-").and_then(|rest| rest.strip_suffix(".backup"));
    middle.is_some_and(|stamp| stamp.len() == 16 && stamp.chars().all(|c| c.is_ascii_digit() || c == 'T' || c == 'Z'))
}

impl Place {
    /// Puts a finished file there under a name of the moment; says where it is.
    pub async fn keep(&self, file: &Path, at: Timestamp) -> Result<String> {
        let name = name(at);
        match self {
            Self::Folder(folder) => {
                let to = folder.join(&name);
                let wrong = |e| Error::File(to.display().to_string(), e);
                tokio::fs::create_dir_all(folder).await.map_err(wrong)?;
                // Aside first: what has a backup's name is whole.
                let aside = folder.join(format!(".{name}.part"));
                tokio::fs::copy(file, &aside).await.map_err(wrong)?;
                tokio::fs::File::open(&aside).await.map_err(wrong)?.sync_all().await.map_err(wrong)?;
                tokio::fs::rename(&aside, &to).await.map_err(wrong)?;
                Ok(to.display().to_string())
            }
            Self::S3(s3) => {
                s3.put(&name, file).await?;
                Ok(format!("s3://{}/{}{name}", s3.bucket, s3.prefix))
            }
        }
    }

    /// The names of the backups there, oldest first.
    pub async fn list(&self) -> Result<Vec<String>> {
        let mut names = match self {
            Self::Folder(folder) => {
                let wrong = |e| Error::File(folder.display().to_string(), e);
                let mut names = Vec::new();
                let mut entries = tokio::fs::read_dir(folder).await.map_err(wrong)?;
                while let Some(entry) = entries.next_entry().await.map_err(wrong)? {
                    names.extend(entry.file_name().into_string());
                }
                names
            }
            Self::S3(s3) => s3.list().await?,
        };
        names.retain(|name| is_ours(name));
        names.sort();
        Ok(names)
    }

    /// Copies a backup from there into a file.
    pub async fn fetch(&self, name: &str, to: &Path) -> Result<()> {
        match self {
            Self::Folder(folder) => {
                let from = folder.join(name);
                tokio::fs::copy(&from, to).await.map(|_| ()).map_err(|e| Error::File(from.display().to_string(), e))
            }
            Self::S3(s3) => s3.get(name, to).await,
        }
    }

    /// Removes all but the newest ones; says which.
    pub async fn thin_out(&self, keep: usize) -> Result<Vec<String>> {
        let mut names = self.list().await?;
        names.truncate(names.len().saturating_sub(keep.max(1)));
        for name in &names {
            match self {
                Self::Folder(folder) => {
                    let path = folder.join(name);
                    tokio::fs::remove_file(&path).await.map_err(|e| Error::File(path.display().to_string(), e))?;
                }
                Self::S3(s3) => s3.delete(name).await?,
            }
        }
        Ok(names)
    }
}
