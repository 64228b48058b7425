// The control port of a local network: status, faults, epochs, for the `walrusfs localnet` command. Every
// call must carry the token of localnet.json, which only the owner can read: a web page open in a browser
// on this machine could reach the port too.
#pragma once

#include <string>

#include "localnet/http_types.h"
#include "localnet/localnet.h"

namespace walrusfs::localnet {

inline constexpr const char* kTokenHeader = "X-Walrusfs-Token";

// GET /v1/status, POST /v1/nodes/{n}/stop, POST /v1/nodes/{n}/start, POST /v1/nodes/{n}/remove,
// POST /v1/nodes/{n}/stake?frost=…, POST /v1/nodes[?frost=…] (one more), POST /v1/epoch/advance,
// POST /v1/faucet/{address}?mist=N&frost=N; POST and DELETE
// /v1/nodes/{n}/faults and /v1/ledger/faults: the fault in the body is set (faults_json.h), `?kind=` or all cleared.
HttpAnswer answer_control(Localnet& network, const std::string& token, HttpCall& call);

}  // namespace walrusfs::localnet
