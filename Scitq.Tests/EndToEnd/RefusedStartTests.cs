using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd;

/// <summary>A program that can't use what it was given says so in one line, without any secret and without a stack trace.</summary>
[Trait("Level", "EndToEnd")]
public sealed class RefusedStartTests
{
    [Theory(Timeout = 60_000)]
    [InlineData(2, "scitq-coordinator", "--bus-ca '/nowhere/ca.pem' can't be read", "--bus", "amqps://u:hunter2@h", "--bus-ca", "/nowhere/ca.pem")]
    [InlineData(2, "scitq-coordinator", "the broker's address is not an address", "--bus", "u:hunter2@h")]
    [InlineData(2, "scitq-coordinator", "the connection string of the database", "--database", "postgres://u:hunter2@h/db?sslmode=require")]
    [InlineData(2, "scitq-coordinator", "the connection string of the database", "--database", "Host=h;Port=hunter2")]
    [InlineData(2, "scitq-coordinator", "is a directory where everybody may write", "--data", "/tmp")]
    [InlineData(2, "scitq-coordinator", "--host ", "--host", "somewhere")]
    [InlineData(2, "scitq-standalone", "holds a secret, and others than its owner", "--data", "OPEN")]
    [InlineData(2, "scitq-standalone", "DOCKER_HOST is 'ssh://somewhere'")]
    [InlineData(2, "scitq-agent", "DOCKER_HOST is 'ssh://somewhere'", "--work-dir", "NEW")]
    [InlineData(3, "scitq-agent", "can't be used", "--work-dir", "OPEN/token")]
    [InlineData(3, "scitq-standalone", "can't be used", "--data", "TAKEN")]
    [InlineData(2, "scitq-agent", "the broker's address is not an address", "--bus", "u:hunter2@h")]
    public async Task A_value_that_can_not_be_used_is_told_in_one_line(int code, string program, string said, params string[] arguments)
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder["open"]);
        Directory.CreateDirectory(folder["taken"]);
        await File.WriteAllTextAsync(folder["open/token"], "hunter2", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["taken/work"], "a file", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(folder["open/token"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var given = arguments.Select(a => a.Replace("OPEN", folder["open"], StringComparison.Ordinal)
            .Replace("TAKEN", folder["taken"], StringComparison.Ordinal).Replace("NEW", folder["new"], StringComparison.Ordinal)).ToList();
        if (program != "scitq-agent") given.InsertRange(0, ["--port", "0"]);
        if (program != "scitq-agent" && !given.Contains("--data")) given.AddRange(["--data", folder["data"]]);
        var environment = new Dictionary<string, string?> { ["DOCKER_HOST"] = said.StartsWith("DOCKER_HOST", StringComparison.Ordinal) ? "ssh://somewhere" : null };
        await using var process = ProcessUnderTest.Start(program, given, environment);
        var ended = await process.WaitForExitAsync();
        Assert.True(ended == code, $"exit code {ended}: {process.Text}");
        Assert.Single(process.Lines, line => line.StartsWith($"{program}: ", StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", process.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", process.Text, StringComparison.Ordinal);
    }
}
