using Scitq.Agent.Bus;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>What the bus in memory delivers while the worker listens now and then.</summary>
[Trait("Level", "Unit")]
public sealed class HeldDeliveriesTests : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<int> _taken = [];
    private readonly List<int> _back = [];
    private readonly HeldDeliveries _deliveries;
    private Func<int, Task<bool>> _take = _ => Task.FromResult(true);

    public HeldDeliveriesTests() => _deliveries = new HeldDeliveries(TakeAsync, BackAsync, TimeProvider.System);

    public void Dispose() => _deliveries.Dispose();

    [Fact(Timeout = 15_000)]
    public async Task They_wait_while_nobody_listens_and_come_in_the_order_of_their_arrival()
    {
        var held = Hold(1, 2, 3);
        Assert.DoesNotContain(held, h => h.IsCompleted);

        await _deliveries.OpenAsync(1);

        await Task.WhenAll(held);
        Assert.Equal([1, 2, 3], Taken());
    }

    [Fact(Timeout = 15_000)]
    public async Task One_that_found_no_room_is_the_first_when_the_worker_listens_again()
    {
        _take = _ => Task.FromResult(false);
        var held = Hold(1, 2);
        await _deliveries.OpenAsync(1);
        await Eventually.Async(() => Taken().Count > 0, "the first is handed over");
        _take = _ => Task.FromResult(true);

        await _deliveries.OpenAsync(1);

        await Task.WhenAll(held);
        Assert.Equal([1, 1, 2], Taken());
    }

    [Fact(Timeout = 15_000)]
    public async Task No_more_are_in_hand_than_was_asked_for_and_none_once_it_is_closed()
    {
        var room = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _take = _ => room.Task;
        var held = Hold(1, 2, 3);
        await _deliveries.OpenAsync(2);
        await Eventually.Async(() => Taken().Count == 2, "two are in hand");

        var closing = _deliveries.CloseAsync();
        Assert.False(closing.IsCompleted);
        room.SetResult(true);
        await closing;

        await Task.WhenAll(held[0], held[1]);
        Assert.Equal([1, 2], Taken());
        Assert.False(held[2].IsCompleted);
    }

    [Fact(Timeout = 15_000)]
    public async Task What_nobody_has_taken_goes_back_at_the_end_and_so_does_what_comes_later()
    {
        var held = Hold(1, 2);

        await _deliveries.EndAsync();
        await Task.WhenAll([.. held, .. Hold(3)]);

        Assert.Equal([1, 2, 3], _back);
        Assert.Empty(Taken());
    }

    private static TaskQueued Message(int number) => new() { TaskId = Guid.NewGuid(), Attempt = number };

    private List<Task> Hold(params int[] numbers) => [.. numbers.Select(n => _deliveries.HoldAsync(Message(n), TestContext.Current.CancellationToken))];

    private List<int> Taken()
    {
        lock (_lock) return [.. _taken];
    }

    private Task<bool> TakeAsync(TaskQueued message, CancellationToken ct)
    {
        lock (_lock) _taken.Add(message.Attempt);
        return _take(message.Attempt);
    }

    private Task BackAsync(TaskQueued message)
    {
        lock (_lock) _back.Add(message.Attempt);
        return Task.CompletedTask;
    }
}
