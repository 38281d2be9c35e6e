/** The journal of screenshots: what is kept of each for ever. Ids are the 16 bytes of their UUIDs, times milliseconds since the epoch. Bytes and keys never stand here. */
export const screenshotTable = `
CREATE TABLE screenshots (
  screenshot_id    BLOB PRIMARY KEY,
  event_id         BLOB    NOT NULL,
  session_id       BLOB    NOT NULL,
  captured_ms      INTEGER NOT NULL,
  state            TEXT    NOT NULL,      -- captured, stored, analysed, deleted
  place            TEXT    NOT NULL,      -- memory, file, deleted
  size_bytes       INTEGER NOT NULL,
  hash             BLOB    NOT NULL,      -- BLAKE3 of the bytes as they came
  privacy_masked   INTEGER NOT NULL,
  about            BLOB    NOT NULL,      -- program, title and region (about.ts)
  format           TEXT,
  width            INTEGER,
  height           INTEGER,
  text_density     REAL,
  dominant_colors  TEXT,                  -- #rrggbb, with spaces between them
  ui_element_count INTEGER,
  refusal          TEXT,                  -- why the pixels were not measured
  deleted_ms       INTEGER,
  reason           TEXT                   -- why the bytes are gone
) STRICT, WITHOUT ROWID;
CREATE INDEX screenshots_of_session ON screenshots (session_id, captured_ms);
CREATE INDEX screenshots_undeleted ON screenshots (state) WHERE state <> 'deleted';
`
