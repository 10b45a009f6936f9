using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Webhooks;

/// <summary>One POST. Redirects are not followed, and of an answer nothing but its status is read.</summary>
internal sealed class WebhookClient(TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 16,
        // What is not read of an answer costs its connection, not our time.
        MaxResponseDrainSize = 4096,
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Null when the receiver has taken it; else why not, without anything of the address.</summary>
    public async Task<string?> SendAsync(Webhook hook, NoticeRow row, CancellationToken ct)
    {
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(row.Body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("scitq", "1"));
        var id = row.EventId.ToString();
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", hook.Sign(id, timestamp, row.Body));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return response.IsSuccessStatusCode ? null : $"it answers {(int)response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return (e.InnerException as SocketException)?.SocketErrorCode.ToString() ?? e.HttpRequestError.ToString();
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
    }

    public void Dispose() => _http.Dispose();
}
