//! Reads the blueprint files named as arguments and shows what is wrong with them.

fn main() {
    let mut is_broken = false;
    for file in std::env::args().skip(1) {
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{file}: {error}");
                is_broken = true;
                continue;
            }
        };
        let read = blueprint_yaml::read_bytes(&bytes);
        let source = String::from_utf8_lossy(&bytes);
        print!("{}", blueprint_yaml::render_all(&read.problems, &file, &source));
        match read.blueprint {
            Some(blueprint) => println!("{file}: {} entries", blueprint.entries.len()),
            None => is_broken = true,
        }
    }
    std::process::exit(i32::from(is_broken));
}
