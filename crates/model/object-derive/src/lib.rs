//! The derive that turns a struct into a schema.
