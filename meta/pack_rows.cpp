#include "meta/pack_rows.h"

#include <fmt/format.h>

#include "meta/row_io.h"

namespace walrusfs {

Result<PackId> PackRows::next_id() {
  sqlite::Statement statement(connection_, "UPDATE state SET next_pack = next_pack + 1 RETURNING next_pack - 1");
  sqlite::Query query = statement.start();
  WFS_ASSIGN(bool found, query.next());
  if (!found) return impossible_row("its state is missing");
  const PackId id{query.number(0)};
  WFS_TRY(query.run());
  return id;
}

Status PackRows::insert_pack(const PackRow& pack) {
  sqlite::Statement statement(
      connection_, std::string("INSERT INTO packs (") + kPackColumns +
                       ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");
  const FrameRow& member = pack.frames_member;
  return statement.run(raw(pack.id), static_cast<uint32_t>(PackState::kBuilt), ByteView(pack.blob.bytes),
                       pack.blob_bytes, pack.t_bytes, ByteView(pack.age_header), member.t_offset, member.t_length,
                       member.z_offset, member.z_length, ByteView(member.hash), raw(pack.cut), raw(pack.previous_cut),
                       pack.built.ns, pack.certified.ns, pack.certified_by, pack.end_epoch, pack.blob_object);
}

Status PackRows::add_built(const PackRow& pack, const std::vector<FrameRow>& frames,
                           const std::vector<PackedRange>& packed) {
  WFS_TRY(insert_pack(pack));
  sqlite::Statement put_frame(connection_, "INSERT INTO frames VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  for (const FrameRow& frame : frames)
    WFS_TRY(put_frame.run(raw(pack.id), frame.t_offset, frame.t_length, frame.z_offset, frame.z_length,
                          ByteView(frame.hash)));
  sqlite::Statement put_range(connection_, "INSERT INTO packed_ranges VALUES (?1, ?2, ?3, ?4, ?5)");
  for (const PackedRange& range : packed)
    WFS_TRY(put_range.run(raw(pack.id), raw(range.staging), range.staging_offset, range.length, range.t_offset));
  return {};
}

Status PackRows::certify(const PackRow& pack) {
  WFS_ASSIGN(auto known, reader_.pack(pack.id));
  if (!known) return Error(Code::kNotFound, fmt::format("the index knows no pack {}", raw(pack.id)));
  if (known->state == PackState::kCertified) return {};
  sqlite::Statement update(connection_,
                           "UPDATE packs SET state = 2, certified = ?2, certified_by = ?3, end_epoch = ?4, "
                           "blob_object = ?5 WHERE id = ?1");
  WFS_TRY(update.run(raw(pack.id), pack.certified.ns, pack.certified_by, pack.end_epoch, pack.blob_object));
  WFS_ASSIGN(const auto packed, reader_.packed_ranges(pack.id));
  WFS_TRY(tree_.move_to_pack(pack.id, packed));
  // The cut is what was built, whatever the caller's copy says.
  return publish(*known);
}

Status PackRows::publish(const PackRow& pack) {
  if (raw(pack.cut) == 0) return {};
  WFS_ASSIGN(int64_t unfinished,
             connection_.integer(fmt::format("SELECT count(*) FROM packs WHERE state = 1 AND id < {}", raw(pack.id))));
  if (unfinished != 0)
    return Error(Code::kInvalidArgument,
                 fmt::format("pack {} publishes its cut, but {} packs before it are not certified yet; certify or "
                             "drop those first",
                             raw(pack.id), unfinished));
  sqlite::Statement publish(connection_, "UPDATE state SET published = ?1, published_pack = ?2 WHERE published <= ?1");
  WFS_TRY(publish.run(raw(pack.cut), raw(pack.id)));
  return purge_tombstones(pack.cut);
}

Status PackRows::purge_tombstones(Sequence published) {
  sqlite::Statement inodes(connection_, "DELETE FROM removed_inodes WHERE seq <= ?1");
  WFS_TRY(inodes.run(raw(published)));
  sqlite::Statement entries(connection_, "DELETE FROM removed_entries WHERE seq <= ?1");
  return entries.run(raw(published));
}

Status PackRows::drop_built(PackId id) {
  sqlite::Statement statement(connection_, "DELETE FROM packs WHERE id = ?1 AND state = 1");
  WFS_TRY(statement.run(raw(id)));
  if (connection_.changed_rows() == 1) return {};
  return Error(Code::kNotFound, fmt::format("pack {} is not a built, uncertified one", raw(id)));
}

Status PackRows::settle_certified() {
  sqlite::Statement statement(connection_,
                              "SELECT DISTINCT r.pack FROM packed_ranges AS r JOIN packs AS p ON p.id = r.pack "
                              "WHERE p.state = 2 ORDER BY r.pack");
  std::vector<PackId> packs;
  {
    sqlite::Query query = statement.start();
    for (;;) {
      WFS_ASSIGN(bool found, query.next());
      if (!found) break;
      packs.push_back(PackId{query.number(0)});
    }
  }
  for (PackId pack : packs) {
    WFS_ASSIGN(const auto packed, reader_.packed_ranges(pack));
    WFS_TRY(tree_.move_to_pack(pack, packed));
    WFS_TRY(forget_packed_ranges(pack));
  }
  return {};
}

Status PackRows::forget_packed_ranges(PackId id) {
  sqlite::Statement statement(connection_, "DELETE FROM packed_ranges WHERE pack = ?1");
  return statement.run(raw(id));
}

}  // namespace walrusfs
