// A C++17 program against the installed library: what C++ people do first is wrap the handles.
#include <cstdio>
#include <kith.h>
#include <memory>

using client_ptr = std::unique_ptr<kith_client, decltype(&kith_client_free)>;
using result_ptr = std::unique_ptr<kith_result, decltype(&kith_result_free)>;

int main()
{
    kith_settings settings{};
    settings.size = sizeof(settings);
    settings.token = "member";
    kith_client *client = nullptr;
    if (kith_client_new(&settings, &client, nullptr) != KITH_OK)
        return 1;
    client_ptr owner(client, kith_client_free);
    kith_result *raw = nullptr;
    if (kith_list_contacts(client, "x", nullptr, nullptr, &raw, nullptr) != KITH_OK)
        return 1;
    result_ptr result(raw, kith_result_free);
    for (std::size_t i = 0; i < kith_result_count(raw); i++)
        std::puts(kith_contact_name(kith_result_contact(raw, i)));
    return 0;
}
