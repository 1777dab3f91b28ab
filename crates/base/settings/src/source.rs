//! Where settings come from, as explicit values, so that tests need no process state.

mod yaml;

use std::{
    collections::BTreeMap,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

pub(crate) use yaml::read as read_yaml;

/// Longest file read for a value or as configuration.
const MAX_FILE: u64 = 1024 * 1024;
/// Most names in a sentence.
const LISTED: usize = 20;
/// The variable that names a folder of settings.
pub(crate) const SECRETS_DIR: &str = "KEYWRIGHT_SECRETS_DIR";

/// The environment and the YAML files to read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    env: BTreeMap<String, String>,
    config: Option<PathBuf>,
    search: Vec<PathBuf>,
}

impl Sources {
    /// The environment of this process and the usual files.
    pub fn from_process() -> Self {
        // Values that are not UTF-8 become visibly wrong instead of being lost.
        let env = std::env::vars_os().map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            (name, value.to_string_lossy().into_owned())
        });
        Self {
            env: env.collect(),
            config: None,
            search: ["/etc/keywright/config.yml", "./config.yml"].map(PathBuf::from).to_vec(),
        }
    }

    /// Only the given variables and no files.
    pub fn from_env<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let env = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { env: env.collect(), ..Self::default() }
    }

    /// Reads this file instead of the usual ones and of `KEYWRIGHT_CONFIG`; it must exist.
    pub fn with_config(mut self, config: Option<PathBuf>) -> Self {
        self.config = config.or(self.config);
        self
    }

    /// A variable of the environment, e.g. for the tag `!Env` in blueprints.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str)
    }

    pub(crate) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// The folder whose files are settings, one each: a mounted Secret, or systemd's credentials.
    pub(crate) fn secrets_dir(&self) -> Option<PathBuf> {
        self.env.get(SECRETS_DIR).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The files to read, weakest first, and whether each must exist.
    pub(crate) fn files(&self) -> Vec<(PathBuf, bool)> {
        let named = || self.env.get("KEYWRIGHT_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        match self.config.clone().or_else(named) {
            Some(path) => vec![(path, true)],
            None => self.search.iter().map(|path| (path.clone(), false)).collect(),
        }
    }

    /// Follows `env://NAME?default` and `file:///path?default`; other texts stay as they are.
    pub(crate) fn follow(&self, text: String) -> Result<String, String> {
        if let Some(rest) = text.strip_prefix("env://") {
            let (name, default) = split_default(rest);
            let value = self.env.get(name).map(String::as_str).or(default);
            return value
                .map(str::to_owned)
                .ok_or_else(|| format!("it refers to the environment variable {name}, which is not set"));
        }
        if let Some(rest) = text.strip_prefix("file://") {
            let (path, default) = split_default(rest);
            return match (read_text(Path::new(path)), default) {
                (Ok(content), _) => Ok(content.trim().to_owned()),
                (Err(_), Some(default)) => Ok(default.to_owned()),
                (Err(error), None) => {
                    let beside = beside(Path::new(path));
                    Err(format!("cannot read the file {path} it refers to: {error}; {beside}"))
                }
            };
        }
        Ok(text)
    }
}

fn split_default(rest: &str) -> (&str, Option<&str>) {
    match rest.split_once('?') {
        Some((target, default)) => (target, Some(default)),
        None => (rest, None),
    }
}

/// What is there instead of a file that cannot be read: mostly a Secret's key has another name than was thought.
pub(crate) fn beside(path: &Path) -> String {
    let (folder, what) =
        if path.is_dir() { (path, "it is a folder that") } else { (path.parent().unwrap_or(path), "its folder") };
    match names(folder) {
        Err(_) => format!("there is no readable folder {}", folder.display()),
        Ok(names) if names.is_empty() => format!("{what} holds nothing"),
        Ok(names) => format!("{what} holds {}", listed(&names)),
    }
}

/// The names of what is in a folder, sorted, without what starts with a dot (Kubernetes' `..data`).
pub(crate) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Ok(names)
}

/// Names for a sentence, the first twenty of them.
pub(crate) fn listed(names: &[String]) -> String {
    let rest = names.len().saturating_sub(LISTED);
    let shown = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

/// A whole text file of sensible size.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let mut content = String::new();
    let read = fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut content)?;
    if read as u64 > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
    }
    Ok(content)
}
