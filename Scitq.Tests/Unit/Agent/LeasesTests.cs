using Microsoft.Extensions.Time.Testing;
using Scitq.Agent.Attempts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class LeasesTests
{
    private readonly ManualTime _time = new();
    private readonly AttemptKey _key = new(Guid.NewGuid(), 1, Guid.NewGuid());

    [Fact]
    public void A_lease_counts_from_when_its_renewal_was_sent()
    {
        var leases = new Leases(_time, TimeSpan.FromSeconds(30));
        leases.Add(_key, _time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(20));
        leases.Sending(1, [_key]);
        _time.Advance(TimeSpan.FromSeconds(9));     // the answer is slow
        leases.Renewed(1, []);
        Assert.Equal(TimeSpan.FromSeconds(21), leases.Left(_key));
    }

    [Fact]
    public void What_an_answer_revokes_or_the_heartbeat_did_not_name_is_not_renewed()
    {
        var other = new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid());
        var leases = new Leases(_time, TimeSpan.FromSeconds(30));
        leases.Add(_key, _time.GetTimestamp());
        leases.Add(other, _time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(29));
        leases.Sending(1, [_key]);
        leases.Renewed(1, [_key]);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(leases.Left(_key) <= TimeSpan.Zero);
        Assert.True(leases.Left(other) <= TimeSpan.Zero);
    }

    [Fact]
    public void An_attempt_from_before_is_not_trusted_until_renewed()
    {
        var leases = new Leases(_time, TimeSpan.FromSeconds(30));
        leases.Add(_key, null);
        Assert.True(leases.Left(_key) <= TimeSpan.Zero);
        leases.Sending(4, [_key]);
        leases.Renewed(4, []);
        Assert.Equal(TimeSpan.FromSeconds(30), leases.Left(_key));
    }

    [Fact(Timeout = 30_000)]
    public async Task Work_under_a_lease_that_lapses_is_begun_again_once_it_is_renewed()
    {
        var time = new FakeTimeProvider();
        var leases = new Leases(time, TimeSpan.FromSeconds(30));
        leases.Add(_key, time.GetTimestamp());
        var begun = 0;
        var lapsed = new TaskCompletionSource();
        var work = leases.WhileValidAsync(_key, async ct =>
        {
            using var stopped = ct.Register(() => lapsed.TrySetResult());
            if (Interlocked.Increment(ref begun) == 1) await Task.Delay(Timeout.Infinite, ct);
            return begun;
        }, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(31));
        await lapsed.Task;
        Assert.Equal(1, begun);
        for (var heartbeat = 1; !work.IsCompleted; heartbeat++)
        {
            leases.Sending(heartbeat, [_key]);
            leases.Renewed(heartbeat, []);
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal(2, await work);
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
