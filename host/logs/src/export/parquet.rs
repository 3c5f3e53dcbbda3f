//! The rows as one Parquet table, written as they come: memory holds one row group.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::columns::{COLUMNS, Kind};

/// Rows of a group. A group is what a reader skips or reads as one.
const GROUP_ROWS: usize = 20_000;

/// Bytes of texts of a group, about; rows with long texts make smaller groups.
const GROUP_BYTES: usize = 8 << 20;

/// Why rows can't be written.
#[derive(Debug, thiserror::Error)]
#[error("the rows can't be written as Parquet")]
pub struct WriteParquetError(#[from] ParquetError);

/// A Parquet file that is being written.
pub struct ParquetRows<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

impl<W: Write + Send> ParquetRows<W> {
    /// Begins a file.
    pub fn new(out: W) -> Result<Self, WriteParquetError> {
        let properties = WriterProperties::builder()
            .set_created_by(concat!("massgen ", env!("CARGO_PKG_VERSION")).into());
        let writer = SerializedFileWriter::new(out, schema()?, Arc::new(properties.build()))?;
        Ok(Self { writer, rows: Vec::new(), bytes: 0 })
    }

    /// Adds a row as [`rows`](super::rows) makes it.
    pub fn add(&mut self, mut row: Value) -> Result<(), WriteParquetError> {
        let cells: Vec<Value> = COLUMNS
            .iter()
            .map(|(name, _)| row.get_mut(*name).map(Value::take).unwrap_or_default())
            .collect();
        self.bytes += cells.iter().filter_map(Value::as_str).map(str::len).sum::<usize>();
        self.rows.push(cells);
        if self.rows.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.group()?;
        }
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(mut self) -> Result<W, WriteParquetError> {
        if !self.rows.is_empty() {
            self.group()?;
        }
        Ok(self.writer.into_inner()?)
    }

    fn group(&mut self) -> Result<(), WriteParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (at, (_, kind)) in COLUMNS.iter().enumerate() {
            let Some(mut column) = group.next_column()? else { break };
            let cells = self.rows.iter().map(|row| &row[at]);
            match kind {
                Kind::Text => write::<ByteArrayType>(&mut column, cells.map(text))?,
                Kind::Json => write::<ByteArrayType>(&mut column, cells.map(json))?,
                Kind::Count => write::<Int64Type>(&mut column, cells.map(Value::as_i64))?,
                Kind::Number => write::<DoubleType>(&mut column, cells.map(Value::as_f64))?,
                Kind::Flag => write::<BoolType>(&mut column, cells.map(Value::as_bool))?,
            }
            column.close()?;
        }
        group.close()?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn write<T: ::parquet::data_type::DataType>(
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
    let fields = COLUMNS.iter().map(|(name, kind)| {
        let (physical, logical) = match kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Kind::Count => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Flag => (Physical::BOOLEAN, None),
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
    fn rows_come_back_as_they_were() {
        let mut file = ParquetRows::new(Vec::new()).unwrap();
        let long = "ä".repeat(GROUP_BYTES / 2);
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
