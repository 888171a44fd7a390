//! The name most like one that there is not.

use std::cmp::Reverse;

/// How unlike two names are: by edits, then by how early they differ.
fn far(a: &str, b: &str) -> (usize, Reverse<usize>) {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b);
    (strsim::damerau_levenshtein(a, b), Reverse(same.count()))
}

/// The most like `wanted` of the names.
pub fn nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names.into_iter().min_by_key(|name| far(name, wanted))
}

/// Those that a reader may have meant, the likest first, at most three: what has `wanted` in it or differs in a third
/// of its letters at most.
pub fn like<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let (edits, same) = far(&lower, &wanted);
            let within = !wanted.is_empty() && (lower.contains(&wanted) || wanted.contains(&lower));
            let close = edits <= (wanted.chars().count() / 3).max(1);
            (within || close).then_some((edits, same, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup_by_key(|(_, _, name)| *name);
    near.into_iter().take(3).map(|(_, _, name)| name).collect()
}

/// `; did you mean `a` or `b`?`; empty where nothing is near.
pub fn meant<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let like: Vec<String> = like(wanted, names)
        .iter()
        .map(|n| format!("`{n}`"))
        .collect();
    if like.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", like.join(" or "))
    }
}

/// That there is none of that name, which ones are near, and where all of them are listed.
pub fn unknown<'n>(
    kind: &str,
    wanted: &str,
    names: impl IntoIterator<Item = &'n str>,
    list: &str,
) -> String {
    let meant = meant(wanted, names);
    format!("no {kind} `{wanted}`{meant} (`{list}` lists them)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["stable-pin", "stable-pin-mkclean", "copy", "H16", "H1"];
        assert_eq!(like("stabel-pin", names), ["stable-pin"]);
        assert_eq!(like("mkclean", names), ["stable-pin-mkclean"]);
        assert_eq!(like("16", names), ["H16"]);
        assert_eq!(like("zebra", names), [""; 0]);
        assert_eq!(like("", names), [""; 0]);
    }
}
