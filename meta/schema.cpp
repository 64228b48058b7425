#include "meta/schema.h"

#include <fmt/format.h>

namespace walrusfs {
namespace {

// Names, xattr names and symlink targets are any bytes, hence BLOB. `seq` is the sequence of a row's
// last change. Foreign keys are checked at the end of a transaction, so that the order within a batch is free.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  next_inode INTEGER NOT NULL,
  next_cookie INTEGER NOT NULL,
  next_staging INTEGER NOT NULL,
  next_pack INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  published INTEGER NOT NULL,
  published_pack INTEGER REFERENCES packs (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE inodes (
  id INTEGER PRIMARY KEY,
  mode INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  gid INTEGER NOT NULL,
  nlink INTEGER NOT NULL,
  rdev INTEGER NOT NULL,
  size INTEGER NOT NULL,
  atime INTEGER NOT NULL,
  mtime INTEGER NOT NULL,
  ctime INTEGER NOT NULL,
  btime INTEGER NOT NULL,
  symlink_target BLOB,
  seq INTEGER NOT NULL
) STRICT;
CREATE INDEX inodes_by_seq ON inodes (seq);
CREATE INDEX inodes_orphaned ON inodes (id) WHERE nlink = 0;

CREATE TABLE entries (
  parent INTEGER NOT NULL REFERENCES inodes (id) DEFERRABLE INITIALLY DEFERRED,
  name BLOB NOT NULL,
  child INTEGER NOT NULL REFERENCES inodes (id) DEFERRABLE INITIALLY DEFERRED,
  cookie INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (parent, name)
) WITHOUT ROWID, STRICT;
CREATE INDEX entries_by_cookie ON entries (parent, cookie, child);
CREATE INDEX entries_by_child ON entries (child);
CREATE INDEX entries_by_seq ON entries (seq);

CREATE TABLE xattrs (
  inode INTEGER NOT NULL REFERENCES inodes (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  name BLOB NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (inode, name)
) WITHOUT ROWID, STRICT;

CREATE TABLE extents (
  inode INTEGER NOT NULL REFERENCES inodes (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  file_offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  staging INTEGER,
  pack INTEGER REFERENCES packs (id) DEFERRABLE INITIALLY DEFERRED,
  source_offset INTEGER NOT NULL,
  PRIMARY KEY (inode, file_offset),
  CHECK ((staging IS NULL) <> (pack IS NULL))
) WITHOUT ROWID, STRICT;
CREATE INDEX extents_by_staging ON extents (staging, source_offset, length) WHERE staging IS NOT NULL;
CREATE INDEX extents_by_pack ON extents (pack) WHERE pack IS NOT NULL;

CREATE TABLE packs (
  id INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  blob BLOB NOT NULL,
  blob_bytes INTEGER NOT NULL,
  t_bytes INTEGER NOT NULL,
  age_header BLOB NOT NULL,
  frames_t_offset INTEGER NOT NULL,
  frames_t_length INTEGER NOT NULL,
  frames_z_offset INTEGER NOT NULL,
  frames_z_length INTEGER NOT NULL,
  frames_hash BLOB NOT NULL,
  cut INTEGER NOT NULL,
  previous_cut INTEGER NOT NULL,
  built INTEGER NOT NULL,
  certified INTEGER NOT NULL,
  certified_by TEXT NOT NULL,
  end_epoch INTEGER NOT NULL,
  blob_object TEXT NOT NULL
) STRICT;
CREATE INDEX packs_by_state ON packs (state, id);

CREATE TABLE frames (
  pack INTEGER NOT NULL REFERENCES packs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  t_offset INTEGER NOT NULL,
  t_length INTEGER NOT NULL,
  z_offset INTEGER NOT NULL,
  z_length INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (pack, t_offset)
) WITHOUT ROWID, STRICT;

CREATE TABLE packed_ranges (
  pack INTEGER NOT NULL REFERENCES packs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  staging INTEGER NOT NULL,
  staging_offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  t_offset INTEGER NOT NULL,
  PRIMARY KEY (pack, staging, staging_offset)
) WITHOUT ROWID, STRICT;
CREATE INDEX packed_ranges_by_staging ON packed_ranges (staging);

CREATE TABLE removed_inodes (
  id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT;
CREATE INDEX removed_inodes_by_seq ON removed_inodes (seq);

CREATE TABLE removed_entries (
  parent INTEGER NOT NULL,
  name BLOB NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (parent, name)
) WITHOUT ROWID, STRICT;
CREATE INDEX removed_entries_by_seq ON removed_entries (seq);

CREATE TABLE jobs (
  kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  step TEXT NOT NULL,
  detail BLOB NOT NULL,
  PRIMARY KEY (kind, subject)
) WITHOUT ROWID, STRICT;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID, STRICT;

INSERT INTO state VALUES (1, 2, 3, 1, 1, 0, 0, NULL);
)sql";

constexpr const char* kMigrations[] = {kVersion1};

Status apply_steps(sqlite::Connection& connection, Migrations migrations, size_t from, size_t to) {
  WFS_ASSIGN(auto transaction, sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::kWrite));
  for (size_t step = from; step < to; ++step) WFS_TRY(connection.execute(migrations[step]));
  WFS_TRY(
      connection.execute(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}", to, kIndexApplicationId)));
  return transaction.commit();
}

}  // namespace

Migrations index_migrations() { return kMigrations; }

Status create_schema(sqlite::Connection& connection, Migrations migrations) {
  return apply_steps(connection, migrations, 0, migrations.size());
}

Status migrate_schema(sqlite::Connection& connection, Migrations migrations) {
  WFS_ASSIGN(int64_t application, connection.integer("PRAGMA application_id"));
  WFS_ASSIGN(int64_t version, connection.integer("PRAGMA user_version"));
  const auto known = static_cast<int64_t>(migrations.size());
  if (application != kIndexApplicationId || version < 1)
    return Error(Code::kCorrupt,
                 fmt::format("{} is not an index of walrusfs; it was left as it is", connection.path()));
  if (version > known)
    return Error(Code::kNewerVersion, fmt::format("this volume was made by a newer walrusfs (index schema {}, this "
                                                  "program knows up to {}); install a newer version",
                                                  version, known));
  for (auto step = static_cast<size_t>(version); step < migrations.size(); ++step)
    if (Status done = apply_steps(connection, migrations, step, step + 1); !done.ok())
      return done.error().with_context(fmt::format("bringing the index from schema {} to {}", step, step + 1));
  return {};
}

}  // namespace walrusfs
