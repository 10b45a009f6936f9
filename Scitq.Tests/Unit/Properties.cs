using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Scitq.Tests.Unit;

/// <summary>How properties are checked: with the same random numbers each time, or with those of the seed in SCITQ_TEST_SEED, for a search.</summary>
internal static class Properties
{
    private const ulong Usual = 20_261_127;

    public static Config Of(int tests) => Config.QuickThrowOnFailure.WithMaxTest(tests).WithQuietOnSuccess(true).WithReplay(Seed(), 1);

    private static ulong Seed() =>
        Environment.GetEnvironmentVariable("SCITQ_TEST_SEED") is { Length: > 0 } seed ? ulong.Parse(seed, CultureInfo.InvariantCulture) : Usual;
}
