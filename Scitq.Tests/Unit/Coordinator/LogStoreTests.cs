using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Contracts.Messages;
using Scitq.Coordinator;
using Scitq.Coordinator.Api;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class LogStoreTests
{
    private const int NoSpace = 28;

    [Fact(Timeout = 30_000)]
    public async Task A_disk_that_takes_no_output_is_waited_for_and_named_and_no_fault_of_the_message()
    {
        using var folder = new TestFolder();
        var logs = new LogStore(new CoordinatorOptions { Data = folder.Path }, new TaskWatch(), TimeProvider.System, NullLogger<LogStore>.Instance);
        var task = Guid.NewGuid();
        var chunk = new OutputChunk(OutputStream.Stdout, 0, "x"u8.ToArray());
        // In the way of the directory that it needs.
        var way = Path.GetDirectoryName(Path.GetDirectoryName(logs.FilePath(task, 1, OutputStream.Stdout)))!;
        Directory.CreateDirectory(Path.GetDirectoryName(way)!);
        await File.WriteAllTextAsync(way, "");

        var e = await Assert.ThrowsAsync<NotStoredException>(() => logs.AppendAsync(task, 1, chunk, CancellationToken.None));
        Assert.True(logs.Note(new InvalidOperationException("wrapped", e)));
        Assert.Contains("can't write where it keeps output", logs.Problem, StringComparison.Ordinal);
        File.Delete(way);
        Assert.Equal(1, await logs.AppendAsync(task, 1, chunk, CancellationToken.None));
        Assert.Null(logs.Problem);
        Assert.False(logs.Note(new InvalidDataException("a message that is wrong itself")));
    }

    [Fact]
    public void A_full_disk_is_called_full() =>
        Assert.Contains("data disk is full", new NotStoredException("/data", new IOException("no", NoSpace)).Message, StringComparison.Ordinal);
}
