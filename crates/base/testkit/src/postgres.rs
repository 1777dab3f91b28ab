//! A PostgreSQL cluster of our own for the length of a test run.
//!
//! Debian keeps the programs outside `PATH`, and the server refuses to run as root, so both are taken care of here. The
//! server is guarded by a shell that waits for the end of our process: however the tests end, nothing is left behind.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Names a server to use instead of one of our own: `postgres://user:password@host:port/database`. The user must be able
/// to create databases.
const VARIABLE: &str = "KEYWRIGHT_TEST_POSTGRES";

/// An empty database, dropped with this value.
pub struct Database {
    url: String,
    name: String,
}

impl Database {
    pub fn url(&self) -> &str {
        &self.url
    }
    /// PEM file with the server's certificate, good for 127.0.0.1 only; `None` for a server that is not ours.
    pub fn certificate(&self) -> Option<&'static Path> {
        server()?.certificate.as_deref()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = server() {
            let _ = execute(&server.admin, &format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name));
        }
    }
}

/// A fresh database, or `None` with a printed notice when there is no PostgreSQL on this machine.
///
/// # Panics
/// PostgreSQL is there but does not work.
pub fn postgres() -> Option<Database> {
    let server = server()?;
    let name = format!("keywright_test_{}", clock::Random::system().uuid_v4().simple());
    execute(&server.admin, &format!("CREATE DATABASE \"{name}\" TEMPLATE template0")).expect("create a test database");
    let (head, query) = server.admin.split_once('?').map_or((&*server.admin, ""), |(h, q)| (h, q));
    let base = head.rsplit_once('/').map_or(head, |(b, _)| b);
    let url = if query.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{query}") };
    Some(Database { url, name })
}

struct Server {
    /// URL of the maintenance database.
    admin: String,
    certificate: Option<PathBuf>,
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
            let given = std::env::var(VARIABLE);
            if let Ok(url) = given {
                return Some(Server { admin: url, certificate: None });
            }
            let Some(programs) = programs() else {
                eprintln!("SKIPPED: no PostgreSQL on this machine; install it or set {VARIABLE}");
                return None;
            };
            Some(start(&programs))
        })
        .as_ref()
}

/// The folder with `initdb` and `postgres`, newest version first.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = found.into_iter().rev().map(|(_, p)| p);
    debian.chain(std::env::split_paths(&path)).find(|p| p.join("initdb").exists() && p.join("postgres").exists())
}

/// Whom to run the server as, when we are root.
fn unprivileged() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() != 0) {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    for wanted in ["postgres", "nobody"] {
        for line in users.lines() {
            let parts: Vec<_> = line.split(':').collect();
            if parts.len() > 3 && parts[0] == wanted {
                return Some((parts[2].parse().ok()?, parts[3].parse().ok()?));
            }
        }
    }
    None
}

static GUARD: OnceLock<Child> = OnceLock::new();

fn start(programs: &Path) -> Server {
    let folder = tempfile::Builder::new().prefix("keywright-pg").tempdir().expect("a temporary folder").keep();
    let user = unprivileged();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).expect("hand the folder over");
    }
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("close the folder");
    let command = |program: &Path| {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").env("LC_ALL", "C");
        command
    };
    let data = folder.join("data");
    let made = command(&programs.join("initdb"))
        .args(["--username=keywright", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
        .arg(&data)
        .output()
        .expect("run initdb");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    let certificate = folder.join("server.pem");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = folder.join("server.key");
    std::fs::write(&certificate, made.cert.pem()).expect("write the certificate");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("write the key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("close the key");
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&key, Some(uid), Some(gid)).expect("hand the key over");
        // The folder belongs to the server; who tests may be another.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("open the folder");
    }
    // A port that is free now; the socket is what we use, but a client of ours may want TCP.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    // `read` returns when our end of the pipe closes, that is when this process ends in whatever way.
    let script = r#"
        folder=$1; postgres=$2; port=$3
        "$postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off \
            -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 \
            -c ssl=on -c ssl_cert_file="$folder/server.pem" -c ssl_key_file="$folder/server.key" -c shared_buffers=64MB \
            >"$folder/log" 2>&1 </dev/null &
        server=$!
        echo started
        read -r end
        kill -INT $server
        wait $server
        rm -rf "$folder"
    "#;
    let mut guard = command(Path::new("/bin/sh"))
        .args(["-c", script, "sh"])
        .arg(&folder)
        .arg(programs.join("postgres"))
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal must reach the server through us, after the tests.
        .process_group(0)
        .spawn()
        .expect("start the server's guard");
    let mut line = String::new();
    let _ = BufReader::new(guard.stdout.take().expect("piped")).read_line(&mut line);
    // Its end of the pipe stays open until the process ends; nobody waits for it.
    let _ = GUARD.set(guard);
    let admin = format!("postgres://keywright@127.0.0.1:{port}/postgres");
    let deadline = Instant::now() + Duration::from_mins(1);
    while let Err(error) = execute(&admin, "SELECT 1") {
        if Instant::now() > deadline {
            let mut log = String::new();
            let _ = std::fs::File::open(folder.join("log")).and_then(|mut f| f.read_to_string(&mut log));
            panic!("PostgreSQL does not come up: {error}\n{log}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Server { admin, certificate: Some(certificate) }
}

/// Runs a statement on a connection of its own. The caller may be inside a runtime, hence the thread.
fn execute(url: &str, sql: &str) -> Result<(), String> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let connecting = tokio_postgres::connect(&url, tokio_postgres::NoTls);
            let (client, connection) = connecting.await.map_err(|e| e.to_string())?;
            let connection = tokio::spawn(connection);
            let result = client.batch_execute(&sql).await.map_err(|e| format!("{e:?}"));
            drop(client);
            let _ = connection.await;
            result
        })
    };
    std::thread::spawn(work).join().unwrap_or_else(|_| Err("panicked".to_owned()))
}
