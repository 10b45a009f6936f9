using Scitq.Agent.Parts;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class SignalTests
{
    private readonly Signal _signal = new(TimeProvider.System);

    [Fact(Timeout = 30_000)]
    public async Task Set_twice_before_somebody_looks_it_wakes_once()
    {
        _signal.Set();
        _signal.Set();
        Assert.True(await _signal.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None));
        Assert.False(await _signal.WaitAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None));
    }

    [Fact(Timeout = 30_000)]
    public async Task Set_while_somebody_waits_it_wakes_them()
    {
        var woken = _signal.WaitAsync(CancellationToken.None);
        Assert.False(woken.IsCompleted);
        _signal.Set();
        await woken;
    }

    [Fact(Timeout = 30_000)]
    public async Task A_wait_ends_with_its_token_and_takes_no_signal_with_it()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _signal.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _signal.Set();
        Assert.True(await _signal.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None));
    }
}
