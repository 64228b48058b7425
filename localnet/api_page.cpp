#include "localnet/api_page.h"

#include <fmt/format.h>

namespace walrusfs::localnet {

HttpAnswer api_page(std::string_view service, std::initializer_list<ApiRoute> routes) {
  HttpAnswer answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title></head><body>\n"
      "<h1>{0}</h1>\n<table>\n<tr><th>Method</th><th>Path</th><th>What it does</th></tr>\n",
      service);
  for (const ApiRoute& route : routes)
    answer.body += fmt::format("<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n", route.method, route.path,
                               route.does);
  answer.body += "</table>\n</body></html>\n";
  return answer;
}

}  // namespace walrusfs::localnet
