// The tables of the index and how an older file is brought forward. docs/index-format.md tells them.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "meta/sqlite.h"

namespace walrusfs {

// "WFSI" in the SQLite header: this file is an index of ours.
constexpr int64_t kIndexApplicationId = 0x57465349;

// Step N of the list (from 0) makes schema version N + 1 out of version N.
using Migrations = std::span<const char* const>;

// All of them; its length is the version that this program writes.
Migrations index_migrations();

// Makes the tables in an empty file; all or nothing.
Status create_schema(sqlite::Connection& connection, Migrations migrations);

// Brings an existing file forward, one transaction per step. kNewerVersion when its version is above
// ours, kCorrupt when it is no index of ours; the file is not touched then.
Status migrate_schema(sqlite::Connection& connection, Migrations migrations);

}  // namespace walrusfs
