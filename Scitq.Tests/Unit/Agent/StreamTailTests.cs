using System.Security.Cryptography;
using System.Text;
using Scitq.Agent.Logs;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class StreamTailTests : IDisposable
{
    private const int Cap = 64 * 1024;
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact(Timeout = 30_000)]
    public async Task A_FIFO_in_place_of_the_file_is_not_waited_for()
    {
        await File.WriteAllTextAsync(_path, "printed", TestContext.Current.CancellationToken);
        var tail = new StreamTail(_path, OutputStream.Stdout, Cap);
        tail.Complete();
        File.Delete(_path);
        using var made = System.Diagnostics.Process.Start("mkfifo", [_path]);
        await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains("is no longer a file", Assert.Throws<IOException>(() => tail.Next(10)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Cap / 2)]
    [InlineData(Cap / 2 + 1)]
    [InlineData(Cap)]
    public void A_stream_within_the_cap_is_stored_byte_by_byte(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        File.WriteAllBytes(_path, bytes);
        Assert.Equal(bytes, StoreAll(new StreamTail(_path, OutputStream.Stdout, Cap)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_removed_before_it_is_stored_is_waited_for_by_nobody(bool removed)
    {
        File.WriteAllBytes(_path, RandomNumberGenerator.GetBytes(1000));
        var tail = new StreamTail(_path, OutputStream.Stdout, Cap);
        tail.Complete();
        tail.Stored = 400;
        if (removed) File.Delete(_path);
        else File.WriteAllBytes(_path, RandomNumberGenerator.GetBytes(100));
        if (removed) Assert.ThrowsAny<IOException>(() => tail.Next(Cap));
        else Assert.Empty(tail.Next(Cap));
        Assert.False(tail.Done);
        tail.GiveUp("removed");
        Assert.Empty(tail.Next(Cap));
        Assert.Equal((true, 400), (tail.Done, tail.Length));
    }

    [Theory]
    [InlineData(Cap + 1)]
    [InlineData(Cap * 3 + 17)]
    [InlineData(8 * 1024 * 1024 + 5)]
    public void Of_a_longer_one_both_ends_are_stored_and_the_cut_is_told(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        var tail = new StreamTail(_path, OutputStream.Stdout, Cap);
        var stored = new List<byte>();
        using (var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            foreach (var part in bytes.Chunk(700_001))
            {
                file.Write(part);
                file.Flush();
                tail.Punch();
                Store(tail, stored);
            }
        }

        Assert.Equal(Math.Min(length, Cap / 2), stored.Count);
        tail.Complete();
        Store(tail, stored);
        var expected = bytes[..(Cap / 2)].Concat(Encoding.ASCII.GetBytes($"\n[scitq: {length - Cap} bytes cut here]\n")).Concat(bytes[^(Cap / 2)..]);
        Assert.Equal(expected, stored);
        Assert.Equal(stored.Count, tail.Length);
        Assert.True(tail.Done);
    }

    private static byte[] StoreAll(StreamTail tail)
    {
        var stored = new List<byte>();
        tail.Complete();
        Store(tail, stored);
        Assert.True(tail.Done);
        return [.. stored];
    }

    private static void Store(StreamTail tail, List<byte> stored)
    {
        while (tail.Next(10_007) is { Length: > 0 } chunk)
        {
            stored.AddRange(chunk);
            tail.Stored += chunk.Length;
        }
    }
}
