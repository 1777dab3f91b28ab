//! `ipaddress`: addresses and networks.

use std::any::Any;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use num_bigint::BigInt;

use crate::flow::{R, value_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Def, Sig, table};
use crate::ops::arith::BinOp;
use crate::value::{LibType, Type, Value};
use crate::vm::Vm;
use crate::vm::iter::IterState;

pub fn module() -> Value {
    super::from_table(
        "ipaddress",
        functions(),
        vec![
            ("IPv4Address", Value::Type(Type::Lib(&V4_ADDRESS))),
            ("IPv6Address", Value::Type(Type::Lib(&V6_ADDRESS))),
            ("IPv4Network", Value::Type(Type::Lib(&V4_NETWORK))),
            ("IPv6Network", Value::Type(Type::Lib(&V6_NETWORK))),
        ],
    )
}

table! { functions:
    "ip_address(address)" => |vm, _, a| address(vm, a),
    "ip_network(address, strict=)" => |vm, _, a| network(vm, a),
    "ip_interface(address)" => |vm, _, a| network(vm, a),
}

fn make_address() -> &'static Def {
    static DEF: std::sync::LazyLock<Def> =
        std::sync::LazyLock::new(|| Def { sig: Sig::parse("ip_address(address)"), run: |vm, _, a| address(vm, a) });
    &DEF
}

fn make_network() -> &'static Def {
    static DEF: std::sync::LazyLock<Def> = std::sync::LazyLock::new(|| Def {
        sig: Sig::parse("ip_network(address, strict=)"),
        run: |vm, _, a| network(vm, a),
    });
    &DEF
}

macro_rules! lib_type {
    ($name:ident, $text:literal, $make:ident) => {
        static $name: LibType =
            LibType { name: $text, module: "ipaddress", construct: Some($make), statics: None, base: None };
    };
}
lib_type!(V4_ADDRESS, "IPv4Address", make_address);
lib_type!(V6_ADDRESS, "IPv6Address", make_address);
lib_type!(V4_NETWORK, "IPv4Network", make_network);
lib_type!(V6_NETWORK, "IPv6Network", make_network);

/// `ipaddress.ip_address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub IpAddr);

/// `ipaddress.ip_network`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

impl From<IpAddr> for Value {
    fn from(address: IpAddr) -> Self {
        Self::lib(Address(address))
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn of_number(number: u128, v4: bool) -> Option<IpAddr> {
    if v4 {
        u32::try_from(number).ok().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
    } else {
        Some(IpAddr::V6(Ipv6Addr::from_bits(number)))
    }
}

fn address(vm: &mut Vm, args: &Args<'_>) -> R<Value> {
    match args.at(0) {
        Value::Str(text) => text.parse::<IpAddr>().map(Value::from).map_err(|_| {
            let shown = crate::ops::repr::pure_repr(args.at(0)).unwrap_or_default();
            value_error(format!("{shown} does not appear to be an IPv4 or IPv6 address"))
        }),
        value if value.as_i64().is_some_and(|n| n >= 0) => {
            let number = value.as_i64().unwrap_or(0) as u128;
            Ok(Value::from(
                of_number(number, true)
                    .or_else(|| of_number(number, false))
                    .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            ))
        }
        value if value.downcast_lib::<Address>().is_some() => Ok(value.clone()),
        other => {
            let shown = crate::ops::repr::repr(vm, other)?;
            Err(value_error(format!("{shown} does not appear to be an IPv4 or IPv6 address")))
        }
    }
}

fn network(vm: &mut Vm, args: &Args<'_>) -> R<Value> {
    let shown = crate::ops::repr::repr(vm, args.at(0))?;
    let invalid = || value_error(format!("{shown} does not appear to be an IPv4 or IPv6 network"));
    if args.at(0).downcast_lib::<Network>().is_some() {
        return Ok(args.at(0).clone());
    }
    let text = match args.at(0) {
        Value::Str(text) => text.to_string(),
        other => crate::ops::repr::str(vm, other)?,
    };
    let (address, prefix) = text.split_once('/').map_or((text.as_str(), None), |(a, p)| (a, Some(p)));
    let address: IpAddr = address.parse().map_err(|_| invalid())?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => width,
        Some(prefix) => match prefix.parse::<u8>() {
            Ok(prefix) if prefix <= width => prefix,
            Ok(_) => return Err(invalid()),
            Err(_) => {
                // A netmask such as 255.255.255.0.
                let mask: Ipv4Addr = prefix.parse().map_err(|_| invalid())?;
                let ones = mask.to_bits().leading_ones();
                if !address.is_ipv4() || mask.to_bits().checked_shl(ones).unwrap_or(0) != 0 {
                    return Err(invalid());
                }
                ones as u8
            }
        },
    };
    let network = Network { address, prefix };
    let first = of_number(number(address) & network.mask(), address.is_ipv4()).unwrap_or(address);
    let strict = match args.get(1) {
        Some(flag) => crate::ops::truth(vm, flag)?,
        None => true,
    };
    if strict && first != address {
        return Err(value_error(format!("{text} has host bits set")));
    }
    Ok(Value::lib(Network { address: first, prefix }))
}

impl Network {
    fn width(self) -> u32 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }
    fn mask(self) -> u128 {
        let host_bits = self.width() - u32::from(self.prefix);
        let all = if self.width() == 32 { u128::from(u32::MAX) } else { u128::MAX };
        all.checked_shl(host_bits).unwrap_or(0) & all
    }
    fn last(self) -> u128 {
        let all = if self.width() == 32 { u128::from(u32::MAX) } else { u128::MAX };
        number(self.address) | (!self.mask() & all)
    }
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && number(address) & self.mask() == number(self.address)
    }
    fn text(self) -> String {
        format!("{}/{}", self.address, self.prefix)
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_documentation()
                || v4.is_broadcast()
                || v4.octets()[0] == 0
                || v4.octets()[0] >= 240
                || (v4.octets()[0] == 198 && v4.octets()[1] & 0xfe == 18)
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.segments()[..2] == [0x2001, 0xdb8]
        }
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl LibObject for Address {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        if self.0.is_ipv4() { &V4_ADDRESS } else { &V6_ADDRESS }
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        let address = self.0;
        Ok(Some(match name {
            "version" => Value::Int(if address.is_ipv4() { 4 } else { 6 }),
            "is_private" => Value::Bool(is_private(address)),
            "is_global" => Value::Bool(!is_private(address) && !address.is_multicast()),
            "is_loopback" => Value::Bool(address.is_loopback()),
            "is_multicast" => Value::Bool(address.is_multicast()),
            "is_unspecified" => Value::Bool(address.is_unspecified()),
            "is_link_local" => Value::Bool(match address {
                IpAddr::V4(v4) => v4.is_link_local(),
                IpAddr::V6(v6) => v6.is_unicast_link_local(),
            }),
            "max_prefixlen" => Value::Int(if address.is_ipv4() { 32 } else { 128 }),
            "compressed" => Value::from(address.to_string()),
            "packed" => match address {
                IpAddr::V4(v4) => Value::bytes(v4.octets()),
                IpAddr::V6(v6) => Value::bytes(v6.octets()),
            },
            "__int__" => Value::int(BigInt::from(number(address))),
            _ => return Ok(None),
        }))
    }
    fn repr(&self, _: &mut Vm) -> R<String> {
        Ok(format!("{}('{}')", self.lib_type().name, self.0))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        Ok(self.0.to_string())
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Address>() == Some(self)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(hash_of(self))
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        Ok(other.downcast_lib::<Address>().map(|other| self.cmp(other)))
    }
    fn binary(&self, _: &mut Vm, op: BinOp, other: &Value, swapped: bool) -> R<Option<Value>> {
        let Some(offset) = other.as_i64().filter(|_| !swapped) else { return Ok(None) };
        let own = number(self.0);
        let sum = match op {
            BinOp::Add => own.checked_add_signed(i128::from(offset)),
            BinOp::Sub => own.checked_add_signed(-i128::from(offset)),
            _ => return Ok(None),
        };
        let moved = sum.and_then(|sum| of_number(sum, self.0.is_ipv4()));
        moved.map(|address| Some(Value::from(address))).ok_or_else(|| value_error("address out of range"))
    }
    fn json_text(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

impl LibObject for Network {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        if self.address.is_ipv4() { &V4_NETWORK } else { &V6_NETWORK }
    }
    fn methods(&self) -> Option<&'static crate::native::Table> {
        Some(network_methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        let v4 = self.address.is_ipv4();
        let host = |bits: u128| of_number(bits, v4).map_or(Value::None, Value::from);
        Ok(Some(match name {
            "version" => Value::Int(if v4 { 4 } else { 6 }),
            "network_address" => Value::from(self.address),
            "broadcast_address" => host(self.last()),
            "netmask" => host(self.mask()),
            "prefixlen" => Value::Int(i64::from(self.prefix)),
            "num_addresses" => Value::int(BigInt::from(self.last() - number(self.address)) + 1),
            "is_private" => Value::Bool(is_private(self.address)),
            "with_prefixlen" | "compressed" => Value::from(self.text()),
            _ => return Ok(None),
        }))
    }
    fn repr(&self, _: &mut Vm) -> R<String> {
        Ok(format!("{}('{}')", self.lib_type().name, self.text()))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        Ok(self.text())
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Network>() == Some(self)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(hash_of(self))
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        Ok(other.downcast_lib::<Network>().map(|other| self.cmp(other)))
    }
    fn contains(&self, _: &mut Vm, item: &Value) -> R<Option<bool>> {
        Ok(item.downcast_lib::<Address>().map(|address| Network::contains(*self, address.0)).or(Some(false)))
    }
    fn iterate(&self, vm: &mut Vm) -> R<Option<Value>> {
        hosts(vm, *self, false).map(Some)
    }
    fn json_text(&self) -> Option<String> {
        Some(self.text())
    }
}

fn hosts(vm: &mut Vm, network: Network, usable_only: bool) -> R<Value> {
    let (mut first, mut last) = (number(network.address), network.last());
    if usable_only && u32::from(network.prefix) + 1 < network.width() {
        first += 1;
        last -= u128::from(network.address.is_ipv4());
    }
    let count = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
    vm.charge_items(count.saturating_mul(3))?;
    let v4 = network.address.is_ipv4();
    let items = (first..=last).filter_map(|bits| of_number(bits, v4)).map(Value::from).collect();
    Ok(IterState::Values(items, 0).value())
}

table! { network_methods:
    "hosts()" => |vm, n, _| match n.downcast_lib::<Network>() {
        Some(network) => hosts(vm, *network, true),
        None => Ok(Value::None),
    },
    "overlaps(other)" => |_, n, a| {
        let pair = (n.downcast_lib::<Network>(), a.at(0).downcast_lib::<Network>());
        let (Some(x), Some(y)) = pair else { return Ok(Value::Bool(false)) };
        Ok(Value::Bool(Network::contains(*x, y.address) || Network::contains(*y, x.address)))
    },
    "subnet_of(other)" => |_, n, a| within(n, a.at(0)),
    "supernet_of(other)" => |_, n, a| within(a.at(0), n),
}

fn within(inner: &Value, outer: &Value) -> R<Value> {
    let (Some(x), Some(y)) = (inner.downcast_lib::<Network>(), outer.downcast_lib::<Network>()) else {
        return Ok(Value::Bool(false));
    };
    Ok(Value::Bool(x.prefix >= y.prefix && Network::contains(*y, x.address)))
}
