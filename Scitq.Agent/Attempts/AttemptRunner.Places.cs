using Scitq.Agent.Slots;

namespace Scitq.Agent.Attempts;

/// <content>An attempt whose command has ended makes room for the next one: delivering takes a network, not a processor.</content>
internal sealed partial class AttemptRunner
{
    /// <summary>How many may deliver without holding a place. Without a limit, a slow store would let output fill the disk.</summary>
    public required SlotGate Uploads { get; init; }

    /// <summary>Gives the attempt's place back, if it still has it.</summary>
    public required Action<Attempt> GivePlace { get; init; }

    private async Task<T> WithoutPlaceAsync<T>(Attempt attempt, Func<Task<T>> work)
    {
        using var over = new CancellationTokenSource();
        var given = GivePlaceAsync(attempt, over.Token);
        try
        {
            return await work();
        }
        finally
        {
            await over.CancelAsync();
            if (await given) Uploads.Release();
        }
    }

    private async Task<bool> GivePlaceAsync(Attempt attempt, CancellationToken over)
    {
        try
        {
            await Uploads.TakeAsync(attempt.Number, Timeout.InfiniteTimeSpan, over);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        GivePlace(attempt);
        return true;
    }
}
