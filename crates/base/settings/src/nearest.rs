//! The known name closest to a mistyped one.

/// The candidate with the fewest edits, when few enough that a slip is likely.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer input cannot be a slip of any key, and the distance costs its square.
    if word.len() > 80 {
        return None;
    }
    let limit = (word.len() / 4).clamp(1, 3);
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words; swapping neighbours counts as one (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (row, left_char) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, right_char) in right.iter().enumerate() {
            let substituted = above[column] + usize::from(left_char != *right_char);
            let mut best = substituted.min(above[column + 1] + 1).min(current[column] + 1);
            let is_swap = column > 0 && previous == Some(*right_char) && right[column - 1] == left_char;
            if is_swap {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
        previous = Some(left_char);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests;
