using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Hands requests on to a real server as they are, signatures included, and does to some of the answers what is asked for.</summary>
internal sealed class FaultyGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
    private readonly Uri _target;

    private FaultyGateway(WebApplication app, Uri target) => (_app, _target) = (app, target);

    public string Root => _app.Urls.First();

    /// <summary>Sees every request first; true when it has answered.</summary>
    public Func<HttpContext, Task<bool>>? Before { get; set; }

    /// <summary>Whether the client is not to hear of what the server has done.</summary>
    public Func<HttpContext, bool>? Lost { get; set; }

    /// <summary>Gets the body of an answer, and gives back what is sent instead. The headers stay, its length included.</summary>
    public Func<HttpContext, byte[], byte[]>? Body { get; set; }

    public static async Task<FaultyGateway> StartAsync(string target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var gateway = new FaultyGateway(app, new Uri(target));
        app.Run(gateway.AnswerAsync);
        await app.StartAsync();
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (Before is not null && await Before(context)) return;
        // Byte for byte: what is signed may not be written in another way.
        var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(_target.GetLeftPart(UriPartial.Authority) + raw, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (context.Request.ContentLength is not null) request.Content = new StreamContent(context.Request.Body);
        foreach (var header in context.Request.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string>)header.Value!))
                request.Content?.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string>)header.Value!);
        }

        using var response = await _client.SendAsync(request, context.RequestAborted);
        if (Lost?.Invoke(context) == true)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var header in response.Headers.Concat(response.Content.Headers)) context.Response.Headers[header.Key] = header.Value.ToArray();
        context.Response.Headers.Remove("Transfer-Encoding");
        if (context.Request.Method == "HEAD") return;
        var body = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
        var sent = Body?.Invoke(context, body) ?? body;
        await context.Response.Body.WriteAsync(sent, context.RequestAborted);
        if (sent.Length >= body.Length) return;
        await context.Response.Body.FlushAsync(context.RequestAborted);
        context.Abort();
    }
}
