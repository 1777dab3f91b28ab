//! Random programs and random calls: whatever they do, nothing panics and nothing runs for ever.

use expr::{Globals, Limits, Program, Run};

/// A small generator of numbers, so that a failure can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
    fn pick<'a>(&mut self, options: &[&'a str]) -> &'a str {
        options[self.roll(options.len())]
    }
}

const ATOMS: &[&str] = &[
    "None",
    "True",
    "0",
    "1",
    "-1",
    "2",
    "10**20",
    "-(2**63)",
    "2**63-1",
    "1.5",
    "float('nan')",
    "float('inf')",
    "''",
    "'abc'",
    "'é漢x'",
    "b'ab'",
    "[]",
    "[1, 2, 3]",
    "['b', 'a']",
    "()",
    "(1, 'x')",
    "{}",
    "{'a': 1}",
    "{1, 2}",
    "range(5)",
    "slice(1, None, -1)",
    "len",
    "str",
    "int",
    "lambda *a: a",
    "(i for i in 'ab')",
    "iter([1])",
    "ValueError('x')",
    "datetime.datetime(2020, 1, 1)",
    "datetime.timedelta(1)",
    "datetime.date(1, 1, 1)",
    "re.compile('(a)|b')",
    "re.match('(.)', 'a')",
    "uuid.UUID(int=5)",
    "ipaddress.ip_network('10.0.0.0/30')",
    "ipaddress.ip_address('::1')",
    "collections.Counter('aab')",
    "collections.defaultdict(list)",
    "hashlib.sha256(b'x')",
    "{'a': [1]}.items()",
    "'%s {} $a'",
    "frozenset([1])",
    "datetime.datetime.max",
    "'{0}{}'",
    "...",
    "type(1)",
    "'2020-01-01T00:00'",
];

const METHODS: &[&str] = &[
    "upper",
    "split",
    "join",
    "format",
    "replace",
    "strip",
    "find",
    "count",
    "index",
    "encode",
    "decode",
    "center",
    "zfill",
    "translate",
    "partition",
    "splitlines",
    "startswith",
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "sort",
    "reverse",
    "copy",
    "clear",
    "get",
    "keys",
    "values",
    "items",
    "update",
    "setdefault",
    "popitem",
    "fromkeys",
    "add",
    "discard",
    "union",
    "intersection",
    "issubset",
    "symmetric_difference",
    "to_bytes",
    "bit_length",
    "is_integer",
    "isoformat",
    "strftime",
    "replace",
    "timestamp",
    "astimezone",
    "group",
    "groups",
    "span",
    "sub",
    "findall",
    "match",
    "hosts",
    "overlaps",
    "most_common",
    "elements",
    "hexdigest",
    "update",
    "hex",
    "expandtabs",
    "ljust",
    "title",
    "as_integer_ratio",
    "total_seconds",
    "send",
    "close",
    "rsplit",
    "format_map",
    "subtract",
    "expand",
    "isocalendar",
];

const FUNCTIONS: &[&str] = &[
    "len",
    "str",
    "repr",
    "int",
    "float",
    "bool",
    "list",
    "tuple",
    "set",
    "dict",
    "sorted",
    "reversed",
    "min",
    "max",
    "sum",
    "any",
    "all",
    "enumerate",
    "zip",
    "map",
    "filter",
    "range",
    "isinstance",
    "getattr",
    "hasattr",
    "abs",
    "round",
    "ord",
    "chr",
    "hex",
    "divmod",
    "pow",
    "iter",
    "next",
    "format",
    "hash",
    "bytes",
    "slice",
    "print",
    "frozenset",
    "json.dumps",
    "json.loads",
    "re.sub",
    "re.findall",
    "re.compile",
    "re.split",
    "base64.b64encode",
    "base64.b64decode",
    "hashlib.sha256",
    "hashlib.md5",
    "math.floor",
    "math.sqrt",
    "math.gcd",
    "math.factorial",
    "math.log",
    "math.comb",
    "urllib.parse.quote",
    "urllib.parse.urlparse",
    "urllib.parse.urljoin",
    "urllib.parse.parse_qs",
    "urllib.parse.urlencode",
    "datetime.datetime",
    "datetime.timedelta",
    "datetime.datetime.strptime",
    "datetime.datetime.fromisoformat",
    "datetime.datetime.fromtimestamp",
    "datetime.timezone",
    "datetime.date",
    "uuid.UUID",
    "uuid.uuid5",
    "ipaddress.ip_network",
    "ipaddress.ip_address",
    "collections.Counter",
    "collections.namedtuple",
    "itertools.islice",
    "itertools.product",
    "itertools.permutations",
    "itertools.groupby",
    "itertools.accumulate",
    "functools.reduce",
    "functools.partial",
    "textwrap.wrap",
    "textwrap.dedent",
    "textwrap.shorten",
    "random.choice",
    "random.randint",
    "string.Template",
    "copy.deepcopy",
    "operator.itemgetter",
    "str.maketrans",
    "int.from_bytes",
    "bytes.fromhex",
    "html.escape",
    "base64.b32decode",
    "binascii.unhexlify",
];

const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "@", "<", "<=", "==", "!=", "in", "not in", "is",
    "and", "or",
];

fn expression(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return dice.pick(ATOMS).to_owned();
    }
    let inner = |dice: &mut Dice| expression(dice, depth - 1);
    match dice.roll(10) {
        0 | 1 => {
            let arguments: Vec<String> = (0..dice.roll(4)).map(|_| inner(dice)).collect();
            format!("{}({})", dice.pick(FUNCTIONS), arguments.join(", "))
        }
        2 | 3 => {
            let arguments: Vec<String> = (0..dice.roll(3)).map(|_| inner(dice)).collect();
            let object = inner(dice);
            format!("({object}).{}({})", dice.pick(METHODS), arguments.join(", "))
        }
        4 | 5 => {
            let (a, b) = (inner(dice), inner(dice));
            format!("(({a}) {} ({b}))", dice.pick(OPERATORS))
        }
        6 => format!("({})[{}]", inner(dice), inner(dice)),
        7 => format!("({})[{}:{}:{}]", inner(dice), inner(dice), inner(dice), inner(dice)),
        8 => format!("[v for v in {} if {}]", inner(dice), inner(dice)),
        _ => format!(
            "f'{{{}:{}}}'",
            dice.pick(ATOMS).replace('\'', "\""),
            dice.pick(&[">10", "05d", ".2f", "x", "%Y", ",", "^3"])
        ),
    }
}

const PRELUDE: &str = "import re, json, datetime, uuid, ipaddress, collections, hashlib, base64, math, urllib.parse\n\
    import itertools, functools, textwrap, random, string, copy, operator, html, binascii\n";

fn run(source: &str) {
    let Ok(program) = Program::compile(source, &[]) else { return };
    let limits = Limits { steps: 50_000, memory: 16 << 20, call_depth: 50, expired: None };
    let mut run = Run::new(&program, &Globals::default(), Vec::new(), limits);
    if let Ok(value) = run.finish() {
        let _ = (value.to_json(), value.to_json_lenient(), format!("{value:?}"));
    }
}

#[test]
fn random_expressions_do_not_panic() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..6000 {
        let depth = 1 + dice.roll(3);
        let body = expression(&mut dice, depth);
        run(&format!("{PRELUDE}return {body}"));
    }
}

const STATEMENTS: &[&str] = &[
    "x = E",
    "x += E",
    "x, y = E",
    "x, *y = E",
    "del x",
    "del x[E]",
    "x[E] = E",
    "x.a = E",
    "raise E",
    "assert E, E",
    "return E",
    "yield E",
    "yield from E",
    "pass",
    "break",
    "continue",
    "E",
    "x = y = E",
    "global z; z = E",
    "print(E)",
    "x: int = E",
];
const BLOCKS: &[&str] = &[
    "if E:",
    "while E:",
    "for x in E:",
    "for x, y in E:",
    "try:\n  E\nexcept Exception as y:",
    "try:\n  E\nfinally:",
    "def f(x=E, *y, **z):",
    "else:",
    "elif E:",
    "except:",
    "try:\n  x = E\nexcept ValueError:\n  pass\nelse:",
];

fn block(dice: &mut Dice, indent: usize, out: &mut String) {
    for _ in 0..=dice.roll(3) {
        let is_block = indent < 4 && dice.roll(3) == 0;
        let template = if is_block { dice.pick(BLOCKS) } else { dice.pick(STATEMENTS) };
        for line in template.lines() {
            let mut line = line.to_owned();
            while line.contains('E') && !line.contains("Exception") && !line.contains("ValueError") {
                let depth = dice.roll(2);
                line = line.replacen('E', &expression(dice, depth).replace('E', "e"), 1);
            }
            out.push_str(&" ".repeat(indent));
            out.push_str(&line);
            out.push('\n');
        }
        if is_block {
            block(dice, indent + 1, out);
        }
    }
}

#[test]
fn random_programs_do_not_panic() {
    let mut dice = Dice(42);
    for _ in 0..4000 {
        let mut source = PRELUDE.to_owned();
        block(&mut dice, 0, &mut source);
        run(&source);
    }
}

#[test]
fn random_text_does_not_panic() {
    let mut dice = Dice(7);
    let pieces = [
        "def ", "(", ")", "[", "]", "{", "}", ":", ",", "'", "\"", "f'", "{x", "!r", "\n", "    ", "\t", "lambda", "x",
        "1", ".", "=", ":=", "*", "**", "\\", "#", "é", "\u{0}", "yield", "await", "if", "else", "for", "in", "@",
        "0x", "1e", "'''", "\r", "\x0c", "return", "import a", "from b", "->", "async ", "class ", "not", "…",
    ];
    for _ in 0..3000 {
        let source: String = (0..dice.roll(30)).map(|_| dice.pick(&pieces)).collect();
        run(&source);
    }
}
