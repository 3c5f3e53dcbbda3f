//! Rows into cells.

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};

use crate::colors::{Colors, style};
use crate::text::Row;

/// Puts rows into the cells of a screen.
pub(super) fn put(buffer: &mut Buffer, rows: &[Row], colors: Colors) {
    let area = buffer.area;
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        let spans = row.iter().map(|s| Span::styled(s.text.as_str(), style(s, colors)));
        buffer.set_line(area.x, y, &Line::from_iter(spans), area.width);
    }
}
