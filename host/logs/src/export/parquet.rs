//! Writes rows as one Parquet table. Rows are written as they arrive; at most one row group is in memory.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::columns::{COLUMNS, ColumnType};

/// Maximum number of rows per row group, the unit that readers read or skip.
const GROUP_ROWS_MAX: usize = 20_000;

/// A row group is also written once its texts reach this size, in bytes.
const GROUP_TEXT_BYTES_MAX: usize = 8 << 20;

/// An error of writing rows.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the rows as Parquet")]
pub struct WriteParquetError(#[from] ParquetError);

/// A writer of a Parquet file.
pub struct ParquetRows<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl<W: Write + Send> ParquetRows<W> {
    /// Starts a file.
    pub fn new(out: W) -> Result<Self, WriteParquetError> {
        let properties = WriterProperties::builder()
            .set_created_by(concat!("massgen ", env!("CARGO_PKG_VERSION")).into());
        let writer = SerializedFileWriter::new(out, schema()?, Arc::new(properties.build()))?;
        Ok(Self { writer, rows: Vec::new(), bytes: 0 })
    }

    /// Adds a row from [`rows`](super::rows).
    pub fn add(&mut self, mut row: Value) -> Result<(), WriteParquetError> {
        let cells: Vec<Value> = COLUMNS
            .iter()
            .map(|(name, _)| row.get_mut(*name).map(Value::take).unwrap_or_default())
            .collect();
        self.bytes += cells.iter().filter_map(Value::as_str).map(str::len).sum::<usize>();
        self.rows.push(cells);
        if self.rows.len() >= GROUP_ROWS_MAX || self.bytes >= GROUP_TEXT_BYTES_MAX {
            self.write_group()?;
        }
        Ok(())
    }

    /// Writes the remaining rows and the footer. Returns the inner writer.
    pub fn finish(mut self) -> Result<W, WriteParquetError> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        Ok(self.writer.into_inner()?)
    }

    fn write_group(&mut self) -> Result<(), WriteParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (at, (_, column_type)) in COLUMNS.iter().enumerate() {
            let Some(mut column) = group.next_column()? else { break };
            let cells = self.rows.iter().map(|row| &row[at]);
            match column_type {
                ColumnType::Text => write_cells::<ByteArrayType>(&mut column, cells.map(text))?,
                ColumnType::Json => write_cells::<ByteArrayType>(&mut column, cells.map(json))?,
                ColumnType::Count => {
                    write_cells::<Int64Type>(&mut column, cells.map(Value::as_i64))?;
                }
                ColumnType::Number => {
                    write_cells::<DoubleType>(&mut column, cells.map(Value::as_f64))?;
                }
                ColumnType::Flag => {
                    write_cells::<BoolType>(&mut column, cells.map(Value::as_bool))?;
                }
            }
            column.close()?;
        }
        group.close()?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn write_cells<T: ::parquet::data_type::DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    Ok(())
}

fn text(cell: &Value) -> Option<ByteArray> {
    cell.as_str().map(ByteArray::from)
}

fn json(cell: &Value) -> Option<ByteArray> {
    (!cell.is_null()).then(|| ByteArray::from(cell.to_string().into_bytes()))
}

fn schema() -> Result<TypePtr, ParquetError> {
    let fields = COLUMNS.iter().map(|(name, column_type)| {
        let (physical, logical) = match column_type {
            ColumnType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnType::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            ColumnType::Count => (Physical::INT64, None),
            ColumnType::Number => (Physical::DOUBLE, None),
            ColumnType::Flag => (Physical::BOOLEAN, None),
        };
        let column = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        column.build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("runs").with_fields(fields).build()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use serde_json::json;

    #[test]
    fn rows_round_trip() {
        let mut file = ParquetRows::new(Vec::new()).unwrap();
        let long = "ä".repeat(GROUP_TEXT_BYTES_MAX / 2);
        for n in 0..3 {
            let row =
                json!({"record": "call", "turn": n, "tool": "ä", "elapsed_ms": 0.5, "tie": true});
            file.add(row).unwrap();
        }
        file.add(json!({"record": "answer", "opening": long})).unwrap();
        let last = json!({"record": "round", "spend": {"input_tokens": 3}, "growth_chars": -7});
        file.add(last).unwrap();
        let bytes = bytes::Bytes::from(file.finish().unwrap());
        let reader = SerializedFileReader::new(bytes).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let rows: Vec<Value> =
            reader.get_row_iter(None).unwrap().map(|row| row_json(&row.unwrap())).collect();
        assert_eq!(rows.len(), 5);
        let call =
            json!({"record": "call", "turn": 2, "tool": "ä", "elapsed_ms": 0.5, "tie": true});
        assert_eq!(rows[2], call);
        let spend = r#"{"input_tokens":3}"#;
        assert_eq!(rows[4], json!({"record": "round", "spend": spend, "growth_chars": -7}));
    }

    fn row_json(row: &::parquet::record::Row) -> Value {
        use ::parquet::record::Field;
        let cells = row.get_column_iter().filter_map(|(name, field)| {
            let value = match field {
                Field::Null => return None,
                Field::Str(text) => json!(text),
                Field::Long(number) => json!(number),
                Field::Double(number) => json!(number),
                Field::Bool(flag) => json!(flag),
                Field::Bytes(bytes) => json!(bytes.as_utf8().unwrap()),
                other => panic!("{other:?}"),
            };
            Some((name.clone(), value))
        });
        Value::Object(cells.collect())
    }
}
