namespace Scitq.Tools.Server;

/// <summary>How long a call is tried again when the server cannot be reached.</summary>
/// <param name="Total">From the first try to giving up.</param>
/// <param name="OneAnswer">One try's wait for an answer.</param>
/// <param name="Tries">At most so many.</param>
internal sealed record Patience(TimeSpan Total, TimeSpan OneAnswer, int Tries = int.MaxValue)
{
    /// <summary>A submission is carried through: the same id may be sent any number of times.</summary>
    public static Patience ForSubmission(TimeSpan total) => new(total, TimeSpan.FromSeconds(Math.Clamp(total.TotalSeconds / 3, 1, 60)));

    /// <summary>A person waits for the answer.</summary>
    public static Patience ForQuestion(TimeSpan total) => new(total, total, 3);

    /// <summary>While waiting for a task that may take days, a server may well be restarted.</summary>
    public static Patience ForWaiting(TimeSpan total) => new(TimeSpan.FromSeconds(Math.Max(total.TotalSeconds, 900)), TimeSpan.FromSeconds(60));

    /// <summary>The pause before try number <paramref name="next"/> (from 2), with some chance in it so that many clients do not come back at once.</summary>
    public static TimeSpan Pause(int next) =>
        TimeSpan.FromMilliseconds(Math.Min(5000, 200 * Math.Pow(2, Math.Min(next - 2, 10))) * (0.75 + Random.Shared.NextDouble() / 2));
}
