// A quilt out of a form: what PUT /v1/quilts takes. HTTP API, section 3.2.
#pragma once

#include <string>

#include "codec/quilt/builder.h"
#include "localnet/byte_spool.h"

namespace walrusfs::localnet {

// Builds the quilt of a form's files into `out`. Each field name is a file's identifier; the part `_metadata` may
// give tags. kInvalidArgument for a form that cannot be read, no files, bad or repeated identifiers, and files that
// do not fit into a quilt.
Result<quilt::Plan> build_quilt_of_form(const CodeShape& shape, const std::string& content_type, ByteView form,
                                        ByteSpool& out);

// What is answered: the outcome of storing the quilt as a blob, and where its files are.
std::string quilt_stored_json(const std::string& blob_store_result, const BlobId& blob, const quilt::Plan& plan);

}  // namespace walrusfs::localnet
