#include "meta/check.h"

#include <fmt/format.h>

namespace walrusfs {
namespace {

// Each rule selects sentences about the rows that break it. File types as in stat(2): 61440 is the mask,
// 16384 a folder, 32768 a regular file, 40960 a symlink.
constexpr const char* kStateRules[] = {
    "SELECT 'the row of counters is missing' WHERE NOT EXISTS (SELECT 1 FROM state)",

    "SELECT 'the counter of inodes is ' || next_inode || ', but inode ' || i.id || ' exists' FROM state "
    "JOIN inodes AS i ON i.id >= next_inode",

    "SELECT 'the counter of inodes is ' || next_inode || ', but inode ' || i.id || ' existed' FROM state "
    "JOIN removed_inodes AS i ON i.id >= next_inode",

    "SELECT 'the counter of cookies is ' || next_cookie || ', but the name ' || CAST(name AS TEXT) || ' in folder ' || "
    "parent || ' has cookie ' || cookie FROM state JOIN entries ON cookie >= next_cookie",

    "SELECT 'the counter of staging files is ' || next_staging || ', but inode ' || inode || ' uses staging file ' || "
    "staging FROM state JOIN extents ON staging >= next_staging",

    "SELECT 'the counter of packs is ' || next_pack || ', but pack ' || p.id || ' exists' FROM state "
    "JOIN packs AS p ON p.id >= next_pack",

    "SELECT 'the last transaction is ' || last_sequence || ', but inode ' || i.id || ' changed in ' || i.seq "
    "FROM state JOIN inodes AS i ON i.seq > last_sequence OR i.seq < 1",

    "SELECT 'the last transaction is ' || last_sequence || ', but the name ' || CAST(name AS TEXT) || ' in folder ' || "
    "parent || ' changed in ' || e.seq FROM state JOIN entries AS e ON e.seq > last_sequence OR e.seq < 1",

    "SELECT 'the last transaction is ' || last_sequence || ', but inode ' || r.id || ' was removed in ' || r.seq "
    "FROM state JOIN removed_inodes AS r ON r.seq > last_sequence",

    "SELECT 'the last transaction is ' || last_sequence || ', but the name ' || CAST(name AS TEXT) || ' in folder ' || "
    "parent || ' was removed in ' || r.seq FROM state JOIN removed_entries AS r ON r.seq > last_sequence",

    "SELECT 'transaction ' || published || ' is published, but the last one is ' || last_sequence FROM state "
    "WHERE published > last_sequence",

    "SELECT 'transaction ' || published || ' is published, but no certified pack ' "
    "|| coalesce(published_pack, '(none)') || ' has that cut' FROM state WHERE published <> 0 AND NOT EXISTS "
    "(SELECT 1 FROM packs AS p WHERE p.id = published_pack AND p.state = 2 AND p.cut = published)",

    "SELECT 'inode ' || id || ' exists and is listed as removed' FROM removed_inodes JOIN inodes USING (id)",

    "SELECT 'the name ' || CAST(name AS TEXT) || ' in folder ' || parent || ' exists and is listed as removed' "
    "FROM removed_entries JOIN entries USING (parent, name)",
};

constexpr const char* kTreeRules[] = {
    "SELECT 'the volume has no root folder' WHERE EXISTS (SELECT 1 FROM inodes) AND NOT EXISTS "
    "(SELECT 1 FROM inodes WHERE id = 1 AND mode & 61440 = 16384 AND nlink > 0)",

    "SELECT 'inode ' || id || ' is not a positive number' FROM inodes WHERE id < 1",

    "SELECT 'inode ' || id || ' has mode ' || mode || ', which names no type of file' FROM inodes "
    "WHERE mode & 61440 NOT IN (4096, 8192, 16384, 24576, 32768, 40960, 49152) OR mode < 0 OR mode > 65535",

    "SELECT 'inode ' || id || ' has a size of ' || size || ' bytes' FROM inodes "
    "WHERE size < 0 OR size > 1125899906842624",

    "SELECT 'the name ' || CAST(e.name AS TEXT) || ' is in inode ' || e.parent || ', which does not exist' "
    "FROM entries AS e LEFT JOIN inodes AS p ON p.id = e.parent WHERE p.id IS NULL",

    "SELECT 'the name ' || CAST(e.name AS TEXT) || ' is in inode ' || e.parent || ', which is no folder' "
    "FROM entries AS e JOIN inodes AS p ON p.id = e.parent WHERE p.mode & 61440 <> 16384",

    "SELECT 'the name ' || CAST(e.name AS TEXT) || ' in folder ' || e.parent || ' is for inode ' || e.child || "
    "', which does not exist' FROM entries AS e LEFT JOIN inodes AS c ON c.id = e.child WHERE c.id IS NULL",

    "SELECT 'the name ' || CAST(name AS TEXT) || ' in folder ' || parent || ' is no legal name' FROM entries "
    "WHERE length(name) NOT BETWEEN 1 AND 255 OR instr(name, x'2f') OR instr(name, x'00') OR name IN (x'2e', x'2e2e')",

    "SELECT 'the name ' || CAST(name AS TEXT) || ' in folder ' || parent || ' shares cookie ' || cookie || "
    "' with another name' FROM (SELECT *, lag(cookie) OVER (PARTITION BY parent ORDER BY cookie) AS before "
    "FROM entries) WHERE cookie = before OR cookie < 1",

    "SELECT 'inode ' || id || ' counts ' || nlink || ' names, but has ' || names FROM (SELECT id, nlink, "
    "(SELECT count(*) FROM entries WHERE child = i.id) AS names FROM inodes AS i WHERE mode & 61440 <> 16384) "
    "WHERE nlink <> names",

    "SELECT 'folder ' || id || ' counts ' || nlink || ' links, but should count ' || links FROM (SELECT id, nlink, "
    "2 + (SELECT count(*) FROM entries AS e JOIN inodes AS c ON c.id = e.child WHERE e.parent = i.id AND "
    "c.mode & 61440 = 16384) AS links FROM inodes AS i WHERE mode & 61440 = 16384 AND nlink <> 0) WHERE nlink <> links",

    "SELECT 'folder ' || i.id || ' counts as removed, but has a name or holds names' FROM inodes AS i WHERE nlink = 0 "
    "AND mode & 61440 = 16384 AND (EXISTS (SELECT 1 FROM entries WHERE parent = i.id) OR EXISTS "
    "(SELECT 1 FROM entries WHERE child = i.id))",

    "SELECT 'folder ' || i.id || ' has ' || names || ' names' FROM (SELECT id, (SELECT count(*) FROM entries "
    "WHERE child = f.id) AS names FROM inodes AS f WHERE mode & 61440 = 16384) AS i WHERE names > (i.id <> 1)",

    "WITH RECURSIVE reached (id) AS (SELECT 1 UNION SELECT child FROM entries JOIN reached ON parent = reached.id) "
    "SELECT CASE WHEN mode & 61440 = 16384 AND EXISTS (WITH RECURSIVE up (id) AS (SELECT parent FROM entries "
    "WHERE child = i.id UNION SELECT parent FROM entries JOIN up ON child = up.id) SELECT 1 FROM up WHERE id = i.id) "
    "THEN 'folder ' || id || ' lies within itself' ELSE 'inode ' || id || ' cannot be reached from the root' END "
    "FROM inodes AS i WHERE nlink > 0 AND id NOT IN (SELECT id FROM reached)",

    "SELECT 'inode ' || id || ' has a symlink target, but is no symlink' FROM inodes "
    "WHERE mode & 61440 <> 40960 AND symlink_target IS NOT NULL",

    "SELECT 'symlink ' || id || ' has no legal target' FROM inodes WHERE mode & 61440 = 40960 AND "
    "(symlink_target IS NULL OR length(symlink_target) NOT BETWEEN 1 AND 4095 OR instr(symlink_target, x'00'))",

    "SELECT 'an xattr belongs to inode ' || x.inode || ', which does not exist' FROM xattrs AS x "
    "LEFT JOIN inodes AS i ON i.id = x.inode WHERE i.id IS NULL",

    "SELECT 'inode ' || inode || ' has an xattr with an illegal name' FROM xattrs "
    "WHERE length(name) NOT BETWEEN 1 AND 255 OR instr(name, x'00')",

    "SELECT 'inode ' || inode || ' has an xattr of ' || length(value) || ' bytes' FROM xattrs "
    "WHERE length(value) > 65536",
};

constexpr const char* kExtentRules[] = {
    "SELECT 'an extent belongs to inode ' || e.inode || ', which does not exist' FROM extents AS e "
    "LEFT JOIN inodes AS i ON i.id = e.inode WHERE i.id IS NULL",

    "SELECT 'inode ' || e.inode || ' has an extent, but is no regular file' FROM extents AS e "
    "JOIN inodes AS i ON i.id = e.inode WHERE i.mode & 61440 <> 32768",

    "SELECT 'inode ' || inode || ' has an extent of ' || length || ' bytes at ' || file_offset FROM extents "
    "WHERE length < 1 OR file_offset < 0 OR source_offset < 0",

    "SELECT 'inode ' || inode || ' has an extent at ' || file_offset || ' that overlaps the one before' FROM "
    "(SELECT inode, file_offset, lag(file_offset + length) OVER (PARTITION BY inode ORDER BY file_offset) AS before "
    "FROM extents) WHERE before > file_offset",

    "SELECT 'inode ' || i.id || ' has ' || i.size || ' bytes, but an extent that ends at ' || (file_offset + length) "
    "FROM extents AS e JOIN inodes AS i ON i.id = e.inode WHERE file_offset + length > i.size",

    "SELECT 'inode ' || inode || ' has an extent at ' || file_offset || ' that names not exactly one source' "
    "FROM extents WHERE (staging IS NULL) = (pack IS NULL)",

    "SELECT 'inode ' || inode || ' names staging file ' || staging || ', which cannot be' FROM extents "
    "WHERE staging < 1",

    "SELECT 'inode ' || e.inode || ' names pack ' || e.pack || ', which does not exist' FROM extents AS e "
    "LEFT JOIN packs AS p ON p.id = e.pack WHERE e.pack IS NOT NULL AND p.id IS NULL",

    "SELECT 'inode ' || e.inode || ' names pack ' || e.pack || ', which is not certified' FROM extents AS e "
    "JOIN packs AS p ON p.id = e.pack WHERE p.state <> 2",

    "SELECT 'inode ' || inode || ' names bytes up to ' || (source_offset + length) || ' of pack ' || pack || "
    "', whose frames do not hold them' FROM extents AS e WHERE pack IS NOT NULL AND source_offset + length > coalesce("
    "(SELECT t_offset + t_length FROM frames AS f WHERE f.pack = e.pack ORDER BY t_offset DESC LIMIT 1), 0)",
};

constexpr const char* kPackRules[] = {
    "SELECT 'pack ' || id || ' is in state ' || state || ', which does not exist' FROM packs WHERE state NOT IN (1, 2)",

    "SELECT 'pack ' || id || ' has a blob ID of ' || length(blob) || ' bytes' FROM packs WHERE length(blob) <> 32",

    "SELECT 'pack ' || id || ' has impossible sizes' FROM packs WHERE id < 1 OR blob_bytes < 1 OR t_bytes < 0",

    "SELECT 'pack ' || p.id || ' publishes up to ' || cut || ', but the last transaction is ' || last_sequence "
    "FROM state JOIN packs AS p ON cut > last_sequence",

    "SELECT 'pack ' || id || ' publishes ' || cut || ' after ' || previous_cut FROM packs "
    "WHERE cut <> 0 AND previous_cut >= cut",

    "SELECT 'a frame belongs to pack ' || f.pack || ', which does not exist' FROM frames AS f "
    "LEFT JOIN packs AS p ON p.id = f.pack WHERE p.id IS NULL",

    "SELECT 'pack ' || pack || ' has a frame at ' || t_offset || ', but the one before ends at ' || before FROM "
    "(SELECT pack, t_offset, lag(t_offset + t_length, 1, 0) OVER (PARTITION BY pack ORDER BY t_offset) AS before "
    "FROM frames) WHERE before <> t_offset",

    "SELECT 'pack ' || pack || ' has a frame at ' || t_offset || ' with impossible lengths or hash' FROM frames "
    "WHERE t_length < 1 OR z_length < 1 OR z_offset < 0 OR length(hash) <> 32",

    "SELECT 'pack ' || pack || ' has a frame at ' || t_offset || ' whose compressed bytes overlap those before' FROM "
    "(SELECT pack, t_offset, z_offset, lag(z_offset + z_length, 1, 0) OVER (PARTITION BY pack ORDER BY t_offset) "
    "AS before FROM frames) WHERE before > z_offset",

    "SELECT 'pack ' || id || ' has ' || t_bytes || ' bytes, but its frames and their list end at ' || frames_end || "
    "' and ' || (frames_t_offset + frames_t_length) FROM (SELECT *, coalesce((SELECT t_offset + t_length FROM frames "
    "WHERE pack = p.id ORDER BY t_offset DESC LIMIT 1), 0) AS frames_end FROM packs AS p) "
    "WHERE frames_end <> frames_t_offset OR frames_t_offset + frames_t_length <> t_bytes",

    "SELECT 'a packed range belongs to pack ' || r.pack || ', which does not exist' FROM packed_ranges AS r "
    "LEFT JOIN packs AS p ON p.id = r.pack WHERE p.id IS NULL",

    "SELECT 'pack ' || pack || ' has a packed range of staging file ' || staging || ' that is impossible' "
    "FROM packed_ranges AS r WHERE staging < 1 OR staging_offset < 0 OR length < 1 OR t_offset < 0 "
    "OR t_offset + length > (SELECT t_bytes FROM packs WHERE id = r.pack)",

    "SELECT 'pack ' || pack || ' has packed ranges of staging file ' || staging || ' that overlap' FROM (SELECT pack, "
    "staging, staging_offset, lag(staging_offset + length) OVER (PARTITION BY pack, staging ORDER BY staging_offset) "
    "AS before FROM packed_ranges) WHERE before > staging_offset",
};

// Names may hold any bytes; sentences go to terminals and JSON.
std::string printable(const std::string& text) {
  std::string out;
  for (unsigned char c : text) {
    if (c >= 0x20 && c < 0x7f)
      out += static_cast<char>(c);
    else
      out += fmt::format("\\x{:02x}", c);
  }
  return out;
}

Status ask(sqlite::Connection& connection, const std::string& question, std::vector<std::string>& sentences) {
  sqlite::Statement statement(connection, question);
  sqlite::Query query = statement.start();
  for (;;) {
    WFS_ASSIGN(bool found, query.next());
    if (!found) return {};
    sentences.push_back(printable(query.text(0)));
  }
}

Status ask_all(sqlite::Connection& connection, std::span<const char* const> rules,
               std::vector<std::string>& sentences) {
  for (const char* rule : rules)
    WFS_TRY(ask(connection, fmt::format("{} LIMIT {}", rule, kSentencesPerRule), sentences));
  return {};
}

// SQLite's own view: pages, indexes, types.
Status ask_sqlite(sqlite::Connection& connection, std::vector<std::string>& sentences) {
  std::vector<std::string> told;
  WFS_TRY(ask(connection, fmt::format("PRAGMA integrity_check({})", kSentencesPerRule), told));
  for (const std::string& line : told)
    if (line != "ok") sentences.push_back("the database file is damaged: " + line);
  return {};
}

}  // namespace

Result<std::vector<std::string>> check_index(sqlite::Connection& connection) {
  std::vector<std::string> sentences;
  WFS_TRY(ask_sqlite(connection, sentences));
  WFS_TRY(ask_all(connection, kStateRules, sentences));
  WFS_TRY(ask_all(connection, kTreeRules, sentences));
  WFS_TRY(ask_all(connection, kExtentRules, sentences));
  WFS_TRY(ask_all(connection, kPackRules, sentences));
  return sentences;
}

}  // namespace walrusfs
