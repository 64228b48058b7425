#include "codec/pack/zstd_frame.h"

#include <fmt/format.h>
#include <zstd.h>

namespace walrusfs::pack {
namespace {

struct ContextFree {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Error damaged(std::string_view why) { return Error(Code::kCorrupt, fmt::format("its zstd frame is damaged: {}", why)); }

}  // namespace

FrameCompressor::FrameCompressor(int level) : context_(ZSTD_createCCtx()) {
  WFS_CHECK(context_ != nullptr);
  WFS_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level)));
  WFS_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_contentSizeFlag, 1)));
  WFS_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1)));
}

FrameCompressor::~FrameCompressor() { ZSTD_freeCCtx(context_); }

ByteView FrameCompressor::compress(ByteView t_bytes) {
  out_.resize(std::max(out_.size(), ZSTD_compressBound(t_bytes.size())));
  size_t length = ZSTD_compress2(context_, out_.data(), out_.size(), t_bytes.data(), t_bytes.size());
  WFS_CHECK(!ZSTD_isError(length));
  return ByteView(out_).first(length);
}

Result<Bytes> decompress_frame(ByteView z_bytes, uint64_t t_length) {
  WFS_ASSIGN(uint64_t claimed, frame_content_bytes(z_bytes));
  if (claimed != t_length) return damaged(fmt::format("it holds {} bytes and not {}", claimed, t_length));
  WFS_ASSIGN(uint64_t stored, frame_stored_bytes(z_bytes));
  if (stored != z_bytes.size()) return damaged("it does not end where it should");
  // Setting up a context costs more than most frames do.
  thread_local std::unique_ptr<ZSTD_DCtx, ContextFree> context(ZSTD_createDCtx());
  WFS_CHECK(context != nullptr);
  Bytes out(t_length);
  size_t length = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), z_bytes.data(), z_bytes.size());
  if (ZSTD_isError(length)) return damaged(ZSTD_getErrorName(length));
  if (length != t_length) return damaged("it is too short");
  return out;
}

Result<uint64_t> frame_content_bytes(ByteView z_bytes) {
  if (z_bytes.size() < 4 || load_le<uint32_t>(z_bytes.data()) != ZSTD_MAGICNUMBER) return damaged("it is none");
  unsigned long long claimed = ZSTD_getFrameContentSize(z_bytes.data(), z_bytes.size());
  if (claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR)
    return damaged("it does not tell its size");
  return uint64_t{claimed};
}

Result<uint64_t> frame_stored_bytes(ByteView z_bytes) {
  size_t stored = ZSTD_findFrameCompressedSize(z_bytes.data(), z_bytes.size());
  if (ZSTD_isError(stored)) return damaged(ZSTD_getErrorName(stored));
  return uint64_t{stored};
}

}  // namespace walrusfs::pack
