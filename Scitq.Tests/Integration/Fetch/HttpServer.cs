using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>A real HTTP server with ranges and ETags over a dictionary of files, and the faults that real ones have.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpServer(WebApplication app) => _app = app;

    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public ConcurrentDictionary<string, string> Tags { get; } = new();

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Sees every request first; true when it has answered.</summary>
    public Func<HttpContext, Task<bool>>? Fault { get; set; }

    public string Root => _app.Urls.First();

    public static async Task<HttpServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new HttpServer(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Headers.Range}".TrimEnd());
        if (Fault is not null && await Fault(context)) return;
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/to/", StringComparison.Ordinal))
        {
            var left = int.Parse(path.Split('/')[2], CultureInfo.InvariantCulture);
            context.Response.Redirect(left == 0 ? "/" + string.Join('/', path.Split('/')[3..]) : $"/to/{left - 1}/{string.Join('/', path.Split('/')[3..])}");
        }
        else if (Files.TryGetValue(path, out var bytes))
        {
            var tag = Tags.GetOrAdd(path, "\"v1\"");
            await Results.File(bytes, enableRangeProcessing: true, entityTag: tag.Length == 0 ? null : EntityTagHeaderValue.Parse(tag)).ExecuteAsync(context);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }
}
