using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Scitq.Tests.Servers;

/// <summary>Somebody who is told by webhooks: keeps what came, and answers as the test wants.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public Uri Url => new($"{_app.Urls.First()}/hook/hunter2");

    /// <summary>All requests, in order.</summary>
    public ConcurrentQueue<Told> Requests { get; } = new();

    /// <summary>What was taken: answered with 204.</summary>
    public IEnumerable<Told> Taken => Requests.Where(r => r.Status == StatusCodes.Status204NoContent);

    /// <summary>The status of the answer to a request.</summary>
    public Func<Told, int> Answer { get; set; } = _ => StatusCodes.Status204NoContent;

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Waits for one that was taken.</summary>
    public Task<Told> TakenAsync(Func<Told, bool> wanted, string what, TimeSpan? patience = null) =>
        Eventually.GetAsync(() => Task.FromResult(Taken.FirstOrDefault(wanted)), what, patience);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var told = new Told(context.Request.Path, context.Request.Headers["webhook-id"].ToString(), context.Request.Headers["webhook-timestamp"].ToString(),
            context.Request.Headers["webhook-signature"].ToString(), body);
        told = told with { Status = Answer(told) };
        context.Response.StatusCode = told.Status;
        if (told.Status is >= 300 and < 400) context.Response.Headers.Location = "/elsewhere";
        Requests.Enqueue(told);
    }

    internal sealed record Told(string Path, string Id, string Timestamp, string Signature, string Body)
    {
        public int Status { get; init; }

        public JsonElement Json => JsonElement.Parse(Body);

        public string Event => Json.GetProperty("event").GetString()!;

        public JsonElement Data => Json.GetProperty("data");
    }
}
