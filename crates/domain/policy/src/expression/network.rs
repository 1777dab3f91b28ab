//! The network as expressions see it: names can be looked up, within bounds; nothing else is reached.

use std::any::Any;
use std::time::Duration;

use expr::{Args, HostArgs, HostObject, HostResult, Value};

use super::environment::{Slot, env};
use super::functions::refuse;
use super::show;

/// How long a name server may take.
const PATIENCE: Duration = Duration::from_secs(2);
const REFUSED: &str = "requests is not available: connections to other servers are switched off for expressions.";

/// `resolve_dns(host, ip_version=None)`: the addresses of a host, none when it has none or nobody answers in time.
pub fn resolve(args: &Args<'_>) -> HostResult {
    let host = show::text(args.at(0));
    let version = args.some(1).and_then(Value::as_i64);
    env(|env| {
        env.once(Slot::Call(format!("resolve\u{1}{host}\u{1}{version:?}")), move |_| {
            Box::pin(async move {
                let mut found: Vec<String> = Vec::new();
                let asked = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), 0))).await;
                if let Ok(Ok(addresses)) = asked {
                    for ip in addresses.map(|a| a.ip()) {
                        let wanted = match version {
                            Some(4) => ip.is_ipv4(),
                            Some(6) => ip.is_ipv6(),
                            _ => true,
                        };
                        let text = ip.to_string();
                        if wanted && !found.contains(&text) {
                            found.push(text);
                        }
                    }
                }
                Ok(Value::from(found))
            })
        })
    })
}

/// `reverse_dns(ip)`: the address itself, which is also what upstream answers when no name is known.
pub fn reverse(args: &Args<'_>) -> HostResult {
    HostResult::Ready(Value::from(show::text(args.at(0))))
}

/// `requests`, which says no.
pub fn requests() -> Value {
    Value::host(Refused)
}

#[derive(Debug)]
struct Refused;

impl HostObject for Refused {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "TimeoutSession"
    }
    fn attr(&self, name: &str) -> HostResult {
        if name.starts_with("__") {
            return HostResult::no_attribute(self.type_name(), name);
        }
        refuse(REFUSED)
    }
    fn call(&self, _args: &HostArgs<'_>) -> HostResult {
        refuse(REFUSED)
    }
    fn to_repr(&self) -> HostResult {
        HostResult::Ready(Value::str("<authentik.lib.utils.http.TimeoutSession object>"))
    }
}
