using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Scitq.Tests.Servers;

/// <summary>The few calls of RabbitMQ's HTTP API that tests need: milliseconds, where rabbitmqctl starts an Erlang machine.</summary>
public sealed class RabbitMqApi
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(30) };

    private readonly Uri _root;
    private readonly AuthenticationHeaderValue _credentials;

    /// <param name="uri">With user and password in it.</param>
    public RabbitMqApi(Uri uri)
    {
        _root = new Uri(uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped));
        _credentials = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo))));
    }

    public async Task CreateVhostAsync(string name) => (await SendAsync(HttpMethod.Put, $"vhosts/{name}")).Dispose();

    public async Task DeleteVhostAsync(string name) => (await SendAsync(HttpMethod.Delete, $"vhosts/{name}")).Dispose();

    public async Task PurgeAsync(string vhost, string queue) =>
        (await SendAsync(HttpMethod.Delete, $"queues/{Uri.EscapeDataString(vhost)}/{Uri.EscapeDataString(queue)}/contents")).Dispose();

    public async Task<Dictionary<string, long>> QueuesAsync(string vhost = "/")
    {
        // Totals asked of the queues themselves: the statistics, which would be seconds old, are off.
        using var response = await SendAsync(
            HttpMethod.Get, $"queues/{Uri.EscapeDataString(vhost)}?disable_stats=true&enable_queue_totals=true");
        var queues = await response.Content.ReadFromJsonAsync<JsonElement[]>();
        return queues!.ToDictionary(
            queue => queue.GetProperty("name").GetString()!,
            queue => queue.TryGetProperty("messages", out var messages) ? messages.GetInt64() : 0);
    }

    /// <summary>Any call: <paramref name="path"/> follows /api/.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_root, $"api/{path}"));
        request.Headers.Authorization = _credentials;
        request.Content = body is null && method == HttpMethod.Get ? null : JsonContent.Create(body ?? new { });
        var response = await Client.SendAsync(request);
        return response.EnsureSuccessStatusCode();
    }
}
