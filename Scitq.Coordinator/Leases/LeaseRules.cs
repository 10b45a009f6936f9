using System.Globalization;
using Microsoft.Extensions.Options;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Leases;

/// <summary>
/// Whether a worker lives and whether a lease is valid: times and what was heard go in, decisions come out. All times but those
/// for people are on the scale of <see cref="Hearing.Seconds"/>, so a coordinator that was paused, restarted or deaf, or whose
/// clock was set, takes nobody's silence for death.
/// </summary>
internal sealed class LeaseRules(IOptions<TaskOptions> options)
{
    /// <summary>A worker that has sent more heartbeats since the last one whose answer it has seen is deaf.</summary>
    private const int MostUnanswered = 4;

    /// <summary>An agent gives a claim up after this; before, the grant is still on its way.</summary>
    private const double ClaimPatience = 10;

    /// <summary>Three heartbeats: a worker that misses them is shown as offline.</summary>
    private static readonly TimeSpan ShownSilence = TimeSpan.FromSeconds(15);

    private readonly TaskOptions _options = options.Value;

    /// <summary>How often the coordinator sends itself a message through the queue of the heartbeats.</summary>
    public TimeSpan Pulse => TimeSpan.FromSeconds(Math.Clamp(_options.LostAfterSeconds / 20, 0.1, 2));

    /// <summary>Seconds of silence after which a worker is lost.</summary>
    public double LostAfter => _options.LostAfterSeconds;

    /// <summary>Between two messages heard, more than this is a gap.</summary>
    public double MostBetween => 3 * Pulse.TotalSeconds;

    /// <summary>
    /// Of what passed between two messages, so much may count as hearing: what was queued meanwhile is read first, and a service that restarts every
    /// few seconds must get on. Little enough that a worker that was paused with the service is heard before it is judged.
    /// </summary>
    private double MostCounted => Math.Max(MostBetween, LostAfter / 4);

    /// <summary>For people, who look at the wall's clock.</summary>
    public static bool LooksSilent(DateTime lastSeen, DateTime now) => now - lastSeen > ShownSilence;

    /// <summary>Something came through the queue of the heartbeats, so all that was queued before it has been heard.</summary>
    /// <param name="before">What was known.</param>
    /// <param name="now">When it came, by the clock of <paramref name="before"/>. A clock that was set makes a gap, or counts nothing.</param>
    /// <param name="broken">Whether broker or database were away since, however short.</param>
    public Hearing Heard(Hearing before, DateTime now, bool broken = false)
    {
        var passed = (now - before.At).TotalSeconds;
        // Where the broker or the database were away, nothing was queued.
        var seconds = before.Seconds + Math.Clamp(passed, 0, broken ? MostBetween : MostCounted);
        return new Hearing(seconds, broken || IsGap(before, now) ? seconds : before.Gap, now);
    }

    /// <summary>Whether so much time has passed since something was heard that nobody was able to.</summary>
    public bool IsGap(Hearing before, DateTime now) => (now - before.At).TotalSeconds > MostBetween;

    /// <summary>
    /// Whether the worker, last heard then, has been silent for too long. If the service was deaf meanwhile, the worker gets the grace to
    /// find it again: once, counted from its own last sign, so that a service that restarts again and again still loses the dead.
    /// </summary>
    public bool IsLost(Hearing hearing, double heard) =>
        hearing.Seconds - heard >= (heard <= hearing.Gap ? Math.Max(LostAfter, _options.GraceSeconds) : LostAfter);

    /// <summary>Whether a lease granted then to a worker that is gone can no longer be valid anywhere. A grant is a sign of life too.</summary>
    public bool HasLapsed(Hearing hearing, double? granted) => hearing.Seconds - (granted ?? 0) >= LostAfter;

    /// <summary>Whether the name's holder may live, so that nobody may take it or its leases.</summary>
    public bool MayLive(Hearing hearing, double heard) => hearing.Seconds - heard < LostAfter;

    /// <summary>Since when the worker has been heard and has heard us without a break, as of this heartbeat.</summary>
    /// <param name="hearing">Now.</param>
    /// <param name="heard">When it was heard before.</param>
    /// <param name="since">Since when it had been then.</param>
    /// <param name="sequence">This heartbeat's.</param>
    /// <param name="answered">The newest heartbeat whose answer the worker has seen; null from one that does not tell.</param>
    public static double HearsSince(Hearing hearing, double heard, double since, long sequence, long? answered) =>
        sequence - answered > MostUnanswered || heard <= hearing.Gap ? hearing.Seconds : since;

    /// <summary>What is to become of a lease that its worker's heartbeat does not name.</summary>
    /// <param name="hearing">Now.</param>
    /// <param name="granted">When it was granted; null when that was long ago.</param>
    /// <param name="own">Whether it was granted to this start of the agent.</param>
    /// <param name="entered">When this start of the agent was registered.</param>
    /// <param name="hears">Since when the worker hears us, from <see cref="HearsSince"/>: a deaf one can't know what it was granted.</param>
    public UnnamedLease Unnamed(Hearing hearing, double? granted, bool own, double entered, double hears)
    {
        // It may be another agent's, which was put aside by force and delivers until its lease lapses.
        if (!own && hearing.Seconds - entered < LostAfter) return UnnamedLease.Keep;
        var age = hearing.Seconds - (granted ?? 0);
        var unknown = _options.UnknownLeaseSeconds;
        if (age >= unknown && hearing.Seconds - hears >= unknown) return UnnamedLease.Lose;
        return own && age >= Math.Min(ClaimPatience, unknown / 3) ? UnnamedLease.Tell : UnnamedLease.Keep;
    }

    /// <summary>Whether a restarted agent, which knows all its leases, has lost this one for good.</summary>
    /// <param name="own">Whether it was granted to this very start, by an earlier copy of its registration.</param>
    /// <param name="named">Whether the registration names it.</param>
    /// <param name="forced">Whether the agent before may still live.</param>
    public static bool LostAtStart(bool own, bool named, bool forced) => !own && !named && !forced;

    /// <summary>Why an agent with this lease time can't be trusted to have stopped before another gets its task; null when it can.</summary>
    public string? Refusal(double? leaseSeconds)
    {
        if (leaseSeconds is not { } lease) return null;         // older than this rule
        var margin = _options.LeaseMarginSeconds;
        if (lease > LostAfter - margin)
            return $"its --lease-seconds {Text(lease)} is too long for the coordinator's Tasks:LostAfterSeconds {Text(LostAfter)}: a lease must "
                + $"lapse at least {Text(margin)} s before another worker gets the task; lower the one or raise the other.";
        return lease >= _options.UnknownLeaseSeconds
            ? $"its --lease-seconds {Text(lease)} is not below the coordinator's Tasks:UnknownLeaseSeconds {Text(_options.UnknownLeaseSeconds)}; "
                + "lower the one or raise the other."
            : null;
    }

    private static string Text(double seconds) => seconds.ToString("0.###", CultureInfo.InvariantCulture);
}

/// <summary>What is to become of a lease that its worker does not name.</summary>
internal enum UnnamedLease
{
    /// <summary>Nothing yet: the grant may be on its way, or the worker can't have heard of it.</summary>
    Keep,

    /// <summary>The worker is told of it once more: the answer to its claim was late or lost.</summary>
    Tell,

    /// <summary>It was told and does not take it: somebody else gets the task.</summary>
    Lose,
}
