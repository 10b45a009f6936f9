using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Scitq.Tools.Server;

/// <summary>The server's events about batches, workers and running tasks. After a break they begin again, with everything there is.</summary>
internal sealed class LiveStream(RestClient rest, ToolIo io, string query, Patience patience)
{
    /// <summary>More than two pings of the server.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(40);

    /// <summary>Events until it is cancelled, each <c>snapshot</c> or <c>changes</c>.</summary>
    public async IAsyncEnumerable<(string Kind, JsonElement Data)> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        for (var failures = 0; ; failures++)
        {
            using var response = await rest.SendAsync(Request, true, HttpCompletionOption.ResponseHeadersRead, patience, cancel);
            using var silence = new CancellationTokenSource(Silence, io.Clock);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, silence.Token);
            var bytes = new BoundedEvents(await response.Content.ReadAsStreamAsync(cancel), heard: () => silence.CancelAfter(Silence));
            await using var events = SseParser.Create(bytes, (_, data) => JsonElement.Parse(data)).EnumerateAsync(limit.Token).GetAsyncEnumerator(limit.Token);
            while (await NextAsync(events, cancel))
            {
                failures = 0;
                if (events.Current.EventType != "ping") yield return (events.Current.EventType, events.Current.Data);
            }

            await Task.Delay(Patience.Pause(failures + 2), io.Clock, cancel);
        }

        HttpRequestMessage Request()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, $"stream?{query}");
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            return request;
        }
    }

    /// <summary>False when the stream has broken off, or says nothing any more.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<JsonElement>> events, CancellationToken cancel)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && e is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            return false;
        }
    }
}
