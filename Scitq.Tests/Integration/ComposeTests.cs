using System.Diagnostics;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration;

/// <summary>compose.yaml, as docker compose reads it.</summary>
[Trait("Level", "Integration")]
public sealed class ComposeTests
{
    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["SCITQ_RABBITMQ_PASSWORD"] = "busSecret",
        ["SCITQ_POSTGRES_PASSWORD"] = "databaseSecret",
        ["SCITQ_TOKEN"] = "tokenSecret",
    };

    [Fact(Timeout = 180_000)]
    public async Task The_stack_is_valid_once_its_secrets_are_given()
    {
        var (code, output) = await ConfigAsync(Secrets);
        Assert.True(code == 0, output);
        Assert.Contains("amqp://scitq:busSecret@rabbitmq:5672/", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task Only_the_API_is_published_and_only_on_loopback()
    {
        var (_, output) = await ConfigAsync(Secrets);
        var hosts = output.Split('\n').Where(line => line.Contains("host_ip:", StringComparison.Ordinal)).Select(line => line.Trim());
        Assert.Equal(["host_ip: 127.0.0.1"], hosts);
        Assert.Single(output.Split('\n'), line => line.Contains("published:", StringComparison.Ordinal));
    }

    [Theory(Timeout = 180_000)]
    [InlineData("SCITQ_RABBITMQ_PASSWORD")]
    [InlineData("SCITQ_POSTGRES_PASSWORD")]
    [InlineData("SCITQ_TOKEN")]
    public async Task Without_a_secret_nothing_starts(string missing)
    {
        var (code, output) = await ConfigAsync(Secrets.Where(secret => secret.Key != missing).ToDictionary());
        Assert.NotEqual(0, code);
        Assert.Contains($"required variable {missing} is missing", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> ConfigAsync(Dictionary<string, string> environment)
    {
        // A clone's own .env would give what the test leaves out.
        var start = new ProcessStartInfo(
            await ComposeAsync(), ["--env-file", "/dev/null", "-f", Path.Combine(TestEnvironment.Root, "compose.yaml"), "config"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>The path of a docker compose v2.</summary>
    internal static async Task<string> ComposeAsync()
    {
        // Kept with the clone, for it is some megabytes to fetch.
        var unpacked = Path.Combine(TestEnvironment.Root, ".local", "compose");
        await Fetching.WaitAsync();
        try
        {
            return (await ServerScript.RunAsync("../compose/compose.sh", unpacked))[0];
        }
        catch (InvalidOperationException e)
        {
            TestEnvironment.Missing($"docker compose is not to be had: {e.Message}");
            throw;
        }
        finally
        {
            Fetching.Release();
        }
    }

    private static readonly SemaphoreSlim Fetching = new(1, 1);
}
