using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration;

/// <summary>What the units of deploy/systemd leave open, as systemd judges it.</summary>
[Trait("Level", "Integration")]
public sealed partial class SystemdUnitTests
{
    private const string Program = "/usr/bin/systemd-analyze";

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-coordinator", 2.0)]
    [InlineData("scitq-agent", 6.0)]
    public async Task The_exposure_of_a_unit_stays_below(string unit, double most)
    {
        if (!File.Exists(Program)) TestEnvironment.Missing("systemd is not installed");
        using var process = Process.Start(new ProcessStartInfo(
            Program, ["security", "--offline=true", "--no-pager", Path.Combine(TestEnvironment.Root, "deploy/systemd", unit + ".service")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        // A line that systemd does not understand protects nothing.
        Assert.DoesNotContain("ignoring", await errors, StringComparison.OrdinalIgnoreCase);
        var found = Overall().Match(output);
        Assert.True(found.Success, output);
        Assert.True(double.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) <= most, output);
    }

    [GeneratedRegex(@"Overall exposure level for .*: ([0-9.]+)")]
    private static partial Regex Overall();
}
