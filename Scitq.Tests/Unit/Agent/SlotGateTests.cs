using Scitq.Agent.Slots;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class SlotGateTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact(Timeout = 30_000)]
    public async Task The_lowest_number_gets_the_next_slot()
    {
        var gate = new SlotGate(1, TimeProvider.System);
        Assert.True(await gate.TakeAsync(0, Patience, CancellationToken.None));
        var late = gate.TakeAsync(7, Patience, CancellationToken.None);
        var early = gate.TakeAsync(3, Patience, CancellationToken.None);
        gate.Release();
        Assert.True(await early);
        Assert.False(late.IsCompleted);
        gate.Release();
        Assert.True(await late);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_raised_limit_lets_those_in_who_wait()
    {
        var gate = new SlotGate(0, TimeProvider.System);
        var first = gate.TakeAsync(1, Patience, CancellationToken.None);
        var second = gate.TakeAsync(2, Patience, CancellationToken.None);
        gate.Limit = 2;
        Assert.True(await first);
        Assert.True(await second);
        Assert.Equal(0, gate.Free);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_lowered_limit_takes_nothing_away_but_grants_nothing_either()
    {
        var gate = new SlotGate(2, TimeProvider.System);
        await gate.TakeAsync(1, Patience, CancellationToken.None);
        await gate.TakeAsync(2, Patience, CancellationToken.None);
        gate.Limit = 1;
        Assert.Equal(2, gate.Taken);
        gate.Release();
        Assert.False(await gate.TakeAsync(3, TimeSpan.FromMilliseconds(20), CancellationToken.None));
        gate.Release();
        Assert.True(await gate.TakeAsync(4, Patience, CancellationToken.None));
    }

    [Fact(Timeout = 30_000)]
    public async Task Who_gives_up_waiting_leaves_no_slot_behind()
    {
        var gate = new SlotGate(1, TimeProvider.System);
        await gate.TakeAsync(1, Patience, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var waiting = gate.TakeAsync(2, Patience, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        gate.Release();
        Assert.Equal(1, gate.Free);
        Assert.True(await gate.TakeAsync(3, Patience, CancellationToken.None));
    }
}
