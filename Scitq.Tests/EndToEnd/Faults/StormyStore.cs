using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>In front of an object store: while the storm lasts, of ten requests three are answered with 503 and one breaks off half way.</summary>
internal sealed class StormyStore : IAsyncDisposable
{
    private static readonly string[] s_hopByHop = ["Connection", "Transfer-Encoding", "Keep-Alive"];
    private readonly WebApplication _app;
    private readonly HttpClient _store;
    private readonly Random _random = new(7);
    private int _refused;

    private StormyStore(WebApplication app, Uri store) =>
        (_app, _store) = (app, new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = store });

    public bool Storm { get; set; }

    public int Refused => Volatile.Read(ref _refused);

    public string Address => _app.Urls.First();

    public static async Task<StormyStore> StartAsync(Uri store)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var stormy = new StormyStore(app, store);
        app.Run(stormy.AnswerAsync);
        await app.StartAsync();
        return stormy;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _store.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        int fate;
        lock (_random) fate = Storm ? _random.Next(10) : 9;
        if (fate < 3)
        {
            Interlocked.Increment(ref _refused);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), context.Request.Path.ToUriComponent() + context.Request.QueryString);
        // As the client has signed it.
        request.Headers.Host = context.Request.Host.Value;
        if (context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0) request.Content = new StreamContent(context.Request.Body);
        else if (context.Request.Method is "PUT" or "POST") request.Content = new ByteArrayContent([]);
        foreach (var (name, values) in context.Request.Headers)
            if (name != "Host" && !s_hopByHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.ToArray())) request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        using var answer = await _store.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        if (fate == 3)
        {
            // Done by the store, and its client does not hear of it.
            Interlocked.Increment(ref _refused);
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!s_hopByHop.Contains(name)) context.Response.Headers[name] = values.ToArray();
        if (context.Request.Method != "HEAD") await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
