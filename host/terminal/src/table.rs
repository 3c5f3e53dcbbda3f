//! Tables for the terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::human;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Aligned to the left.
    Left,
    /// Aligned to the right, for numbers.
    Right,
}

/// The same, but where the terminal is too narrow for whole cells, the columns named in `dispensable` go
/// first, in that order.
pub fn render_narrowing(
    columns: &[(&str, Align)],
    rows: Vec<Vec<String>>,
    width: u16,
    dispensable: &[&str],
) -> String {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let wide = |at: usize| {
        let cells = rows.iter().map(|row| row.get(at).map_or(0, |cell| human::columns(cell)));
        cells.chain([human::columns(columns[at].0)]).max().unwrap_or(0) + 2
    };
    let fits =
        |kept: &[usize]| kept.iter().map(|at| wide(*at)).sum::<usize>() <= usize::from(width) + 2;
    let mut gone = Vec::new();
    for name in dispensable {
        if fits(&kept) {
            break;
        }
        gone.extend(kept.iter().copied().filter(|at| columns[*at].0 == *name));
        kept.retain(|at| columns[*at].0 != *name);
    }
    // What went first may have been wider than needed: what went later may come back.
    for at in gone.into_iter().rev() {
        let mut more = kept.clone();
        more.push(at);
        more.sort_unstable();
        if fits(&more) {
            kept = more;
        }
    }
    let columns: Vec<_> = kept.iter().map(|at| columns[*at]).collect();
    let rows =
        rows.into_iter().map(|row| kept.iter().filter_map(|at| row.get(*at).cloned()).collect());
    render(&columns, rows.collect(), width)
}

/// Lays rows out below their headings, no wider than `width` columns.
pub fn render(columns: &[(&str, Align)], rows: Vec<Vec<String>>, width: u16) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(columns.iter().map(|(name, _)| *name));
    for row in rows {
        table.add_row(row);
    }
    for (index, (_, align)) in columns.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            // Nothing stands behind the last one.
            column.set_padding((0, if index + 1 < columns.len() { 2 } else { 0 }));
            if *align == Align::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_after_all_comes_back() {
        let columns = [("A", Align::Left), ("Bbbbbbbbbb", Align::Left), ("C", Align::Left)];
        let rows = vec![vec!["a".to_string(), "b".into(), "c".into()]];
        let narrow = render_narrowing(&columns, rows, 8, &["C", "Bbbbbbbbbb"]);
        assert!(narrow.contains('C') && !narrow.contains("Bbb"), "{narrow}");
    }

    #[test]
    fn a_narrow_terminal_loses_columns_not_legibility() {
        let columns = [("Run", Align::Left), ("Cost", Align::Right), ("Question", Align::Left)];
        let rows = || vec![vec!["log_1".to_string(), "$0.01".into(), "what is it?".into()]];
        let wide = render_narrowing(&columns, rows(), 80, &["Question", "Cost"]);
        assert!(wide.contains("Question") && wide.contains("$0.01"), "{wide}");
        let narrow = render_narrowing(&columns, rows(), 16, &["Question", "Cost"]);
        assert!(!narrow.contains("Question") && narrow.contains("$0.01"), "{narrow}");
    }
}
