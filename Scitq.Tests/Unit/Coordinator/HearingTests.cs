using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Options;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>A service that is paused, restarted, cut off and whose clock is set, in any order: who does it hold for dead?</summary>
[Trait("Level", "Unit")]
public sealed class HearingTests
{
    private const int Beat = 5;
    private static readonly TaskOptions Options = new();
    private static readonly LeaseRules Rules = new(Microsoft.Extensions.Options.Options.Create(Options));

    [Fact(Timeout = 120_000)]
    public async Task Whatever_happens_to_the_service_a_healthy_worker_is_not_lost_and_a_dead_one_is_within_a_bound_of_hearing() =>
        await Task.Run(() => Check.One(Properties.Of(20_000), Prop.ForAll(
            Arb.From(Gen.Choose(0, 1_000_000).Three().ListOf(30), Shorter),
            faults =>
            {
                var (healthyLost, deadLostAfter) = Play(faults);
                return (!healthyLost).Label("a healthy worker was lost")
                    .And((deadLostAfter is > 0 and < 75).Label($"a dead worker was lost after {deadLostAfter} s of hearing"));
            })));

    [Fact]
    public void A_service_that_restarts_every_ten_seconds_still_loses_the_dead()
    {
        // 3 s of each 13 it is not there: without a gap, for what is queued so shortly is read at once.
        Assert.InRange(Play([.. Enumerable.Repeat((0, 3, 10), 60)]).DeadLostAfter!.Value, 33, 47);
        // Each restart takes 20 s, and so is a gap: the grace is given once.
        Assert.InRange(Play([.. Enumerable.Repeat((0, 20, 10), 60)]).DeadLostAfter!.Value, 20, 61);
    }

    [Fact]
    public void In_a_quiet_time_a_dead_worker_is_lost_in_time() => Assert.InRange(Play([(0, 0, 200)]).DeadLostAfter!.Value, 45, 47);

    [Theory]
    [InlineData(35, "UnknownLeaseSeconds 35"), InlineData(36, "LostAfterSeconds 45"), InlineData(60, "LostAfterSeconds 45")]
    public void A_lease_that_would_outlive_the_worker_is_refused_with_both_figures(double lease, string problem)
    {
        var refusal = Rules.Refusal(lease);
        Assert.Contains($"--lease-seconds {lease}", refusal, StringComparison.Ordinal);
        Assert.Contains(problem, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 10, true), InlineData(20, 10.5, false), InlineData(29, 19, true), InlineData(29, 26, false), InlineData(5, 0.5, false),
        InlineData(45, 35, false)]
    public void However_soon_a_worker_is_lost_its_lease_is_to_lapse_ten_seconds_before(double lostAfter, double lease, bool taken)
    {
        var refusal = new LeaseRules(Microsoft.Extensions.Options.Options.Create(new TaskOptions { LostAfterSeconds = lostAfter })).Refusal(lease);
        Assert.Equal(taken, refusal is null);
    }

    [Fact]
    public void An_agent_that_does_not_tell_its_lease_time_is_taken() => Assert.Null(Rules.Refusal(null));

    [Theory]
    [InlineData(30), InlineData(34.9)]
    public void A_lease_that_lapses_in_time_is_taken(double lease) => Assert.Null(Rules.Refusal(lease));

    /// <summary>Each fault: which, for how long, and how long it is quiet afterwards. One worker beats for ever, one died at the start.</summary>
    private static (bool HealthyLost, double? DeadLostAfter) Play(IReadOnlyList<(int Kind, int Length, int Quiet)> faults)
    {
        var world = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var ahead = 0.0;
        var database = new Hearing(0, -1, world);
        Hearing? here = database;
        var (time, up, broken) = (0, true, false);
        var (healthy, dead) = (0.0, 0.0);
        var (queued, healthyLost) = (0, false);
        double? deadLost = null;
        var heard = 0;
        foreach (var (kind, length, quiet) in faults)
        {
            // Paused or restarted, by the length's parity; the database or the broker away; the clock set.
            if (kind % 4 == 3) ahead += length % 4000 - 2000;
            else if (length % 120 is > 0 and var seconds) Run(seconds, false);
            if (kind % 4 == 0) here = null;
            broken = kind % 4 is 1 or 2;
            Run(quiet % 120, true);
        }

        Run(200, true);
        return (healthyLost, deadLost);

        void Run(int seconds, bool able)
        {
            up = able;
            for (var until = time + seconds; time < until;)
            {
                time++;
                if (up) heard++;
                if (time % Beat == 0) queued++;
                if (!up) continue;
                // First in, first out: what was queued is heard before the pulse is.
                var now = world.AddSeconds(time + ahead);
                for (; queued > 0; queued--)
                {
                    here = here is { } h ? Rules.Heard(h, now) : database with { At = now };
                    healthy = here.Value.Seconds;
                }

                if (time % 2 != 0) continue;
                here = database = Rules.Heard(database, now, broken);
                broken = false;
                healthyLost |= Rules.IsLost(database, healthy);
                if (Rules.IsLost(database, dead)) deadLost ??= heard;
            }
        }
    }

    private static IEnumerable<List<(int, int, int)>> Shorter(List<(int, int, int)> faults)
    {
        for (var i = 0; i < faults.Count; i++) yield return [.. faults[..i], .. faults[(i + 1)..]];
    }
}
