//! A scenario that is added or taken away is in the next build: files that are in one already are watched by the
//! compiler, and the folder by this.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
}
