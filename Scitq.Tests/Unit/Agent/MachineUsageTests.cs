using Microsoft.Extensions.Time.Testing;
using Scitq.Agent.Machine;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>On a machine of files, whose counters the test sets.</summary>
[Trait("Level", "Unit")]
public sealed class MachineUsageTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly MachineUsage _usage;

    public MachineUsageTests()
    {
        foreach (var device in (string[])["block/vda", "class/net/eth0"]) Directory.CreateDirectory(_folder[$"sys/{device}/device"]);
        Directory.CreateDirectory(_folder["sys/block/dm-0"]);
        Directory.CreateDirectory(_folder["proc/net"]);
        File.WriteAllText(_folder["proc/loadavg"], "1.50 2.25 3.00 2/345 6789\n");
        _usage = new MachineUsage(new GpuUsage(new RuntimeSet(null, null), _clock), TimeSpan.FromSeconds(5), _clock, _folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_counted_between_two_heartbeats_is_told_as_percentages_and_rates()
    {
        Count("100 0 100 700 100 0 0 0", read: 100, written: 200, received: 1000, sent: 500);
        Assert.Null(_usage.Next(1000));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Count("150 10 120 790 125 5 0 0", read: 200, written: 210, received: 6000, sent: 500);
        var stats = _usage.Next(1000)!;
        // 200 ticks: 90 idle, 25 waiting for disks.
        Assert.Equal((42.5, 12.5), (stats.Cpu, stats.IoWait));
        Assert.Equal((2.25, 3.0, 1000L), (stats.Load5, stats.Load15, stats.DiskTotal));
        Assert.Equal((100L * 512 / 5, 10L * 512 / 5, 1000L, 0L), (stats.DiskRead, stats.DiskWritten, stats.Received, stats.Sent));
        Assert.Null(stats.Gpus);
    }

    [Fact]
    public void A_heartbeat_that_follows_another_at_once_tells_nothing_and_takes_nothing_away_from_the_next()
    {
        Count("0 0 0 100 0 0 0 0");
        Assert.Null(_usage.Next(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Count("100 0 0 100 0 0 0 0");
        Assert.Null(_usage.Next(1));
        _clock.Advance(TimeSpan.FromSeconds(4));
        Count("100 0 0 400 0 0 0 0");
        Assert.Equal(25, _usage.Next(1)!.Cpu);
    }

    [Fact]
    public void A_counter_that_goes_back_and_a_kernel_that_says_nothing_are_no_failure()
    {
        Count("0 0 0 100 50 0 0 0", read: 1000);
        Assert.Null(_usage.Next(1));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Count("50 0 0 150 40 0 0 0", read: 0);
        var stats = _usage.Next(long.MaxValue)!;
        Assert.Equal((0.0, 0L, null), (stats.IoWait, stats.DiskRead, stats.DiskTotal));
        _clock.Advance(TimeSpan.FromSeconds(5));
        File.Delete(_folder["proc/stat"]);
        Assert.Null(_usage.Next(1));
    }

    [Fact]
    public void In_a_container_the_links_that_are_no_device_count_but_its_own()
    {
        Directory.Delete(_folder["sys/class/net"], recursive: true);
        Count("0 0 0 0 0 0 0 0", received: 0);
        Assert.Null(_usage.Next(1));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Count("1 0 0 1 0 0 0 0", received: 500);
        // With the bridge's 5.
        Assert.Equal(101, _usage.Next(1)!.Received);
    }

    [Theory]
    [InlineData("37, 1024, 81920", 37, 1024, 81920)]
    [InlineData("[N/A], 5, 10", 0, 5, 10)]
    [InlineData("nonsense", 0, 0, 0)]
    public void What_the_driver_says_of_a_GPU_is_read(string line, double use, long used, long memory) =>
        Assert.Equal(new GpuStats(use, used << 20, memory << 20), GpuUsage.Read(line));

    private long _bridge;

    private void Count(string cpu, long read = 0, long written = 0, long received = 0, long sent = 0)
    {
        File.WriteAllText(_folder["proc/stat"], $"cpu  {cpu} 0 0\ncpu0 {cpu} 0 0\nintr 5\n");
        File.WriteAllText(_folder["proc/diskstats"], $"""
             253       0 vda 9 9 {read} 9 9 9 {written} 9 0 9 9
             253       1 vda1 9 9 {read} 9 9 9 {written} 9 0 9 9
             252       0 dm-0 9 9 {read} 9 9 9 {written} 9 0 9 9

            """);
        File.WriteAllText(_folder["proc/net/dev"], $"""
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo: {received * 7} 1 0 0 0 0 0 0 {sent * 7} 1 0 0 0 0 0 0
              eth0:{received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0
               br0: {_bridge += 5} 1 0 0 0 0 0 0 3 1 0 0 0 0 0 0

            """);
    }
}
