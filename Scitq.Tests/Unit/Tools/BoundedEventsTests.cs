using System.Text;
using System.Text.Json;
using Scitq.Tools.Server;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class BoundedEventsTests
{
    private const int Largest = 1000;

    [Theory(Timeout = 10_000)]
    [InlineData(1), InlineData(7), InlineData(4096)]
    public async Task Any_number_of_events_is_read_however_they_are_cut(int piece) =>
        Assert.Equal(100 * 24, await ReadAsync(string.Concat(Enumerable.Repeat("event: stdout\ndata: {}\n\n", 100)), piece));

    [Theory(Timeout = 10_000)]
    [InlineData("data: and no end"), InlineData("data: lines but no blank one\n")]
    public async Task An_event_without_an_end_is_refused(string text) =>
        await Assert.ThrowsAsync<JsonException>(() => ReadAsync(string.Concat(Enumerable.Repeat(text, 100)), 10));

    /// <summary>On a slow line one event may take longer than the patience with a server that is silent.</summary>
    [Fact(Timeout = 10_000)]
    public async Task Each_piece_is_a_sign_of_life()
    {
        var heard = 0;
        await ReadAsync("data: a long one\n\n: ping\n\n", 4, () => heard++);
        Assert.Equal(7, heard);
    }

    private static async Task<int> ReadAsync(string text, int piece, Action? heard = null)
    {
        await using var events = new BoundedEvents(new MemoryStream(Encoding.UTF8.GetBytes(text)), heard ?? (() => { }), Largest);
        var buffer = new byte[piece];
        var all = 0;
        while (await events.ReadAsync(buffer, TestContext.Current.CancellationToken) is var read and > 0) all += read;
        return all;
    }
}
