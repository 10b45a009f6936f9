using Scitq.Agent.Runtimes;
using Scitq.Agent.Secrets;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class SecretStoreTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_and_a_file_give_the_same_and_a_change_counts_at_once()
    {
        Directory.CreateDirectory(_folder["dir"]);
        Write("dir/db", "one\n");
        Write("file", """{"db":"one"}""");
        foreach (var path in new[] { "dir", "file" })
        {
            var store = new SecretStore(_folder[path]);
            Assert.Equal("one", store.Resolve(["PASSWORD=db", "db"], "w")["PASSWORD"]);
        }

        Write("dir/db", "two");
        Assert.Equal("two", new SecretStore(_folder["dir"]).Resolve(["db"], "w")["db"]);
    }

    [Fact]
    public void What_is_missing_or_open_to_others_is_named_with_the_worker_and_never_with_a_value()
    {
        Directory.CreateDirectory(_folder["dir"]);
        Write("dir/open", "hunter2");
        File.SetUnixFileMode(_folder["dir/open"], Own | UnixFileMode.OtherRead);
        Write("broken", """{"a":"hunter2""");
        Assert.Equal($"worker w1 has no secret 'db' in {_folder["dir"]}", Problem("dir", "PASSWORD=db"));
        Assert.Contains("chmod 600", Problem("dir", "open"), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Problem("broken", "a"), StringComparison.Ordinal);
        Assert.Contains("worker w1 can't read its secrets", Problem("nowhere", "a"), StringComparison.Ordinal);
        Assert.Contains("worker w1 keeps no secrets", Assert.Throws<StartException>(() => new SecretStore(null).Resolve(["a"], "w1")).Message,
            StringComparison.Ordinal);
        Assert.Equal(FailureClass.Start, Assert.Throws<StartException>(() => new SecretStore(null).Resolve(["a"], "w1")).Failure);
    }

    [Theory]
    [InlineData("A=../etc/passwd"), InlineData("A=/etc/passwd"), InlineData("A=.hidden"), InlineData("1A"), InlineData("A="), InlineData(""),
        InlineData("A=b c")]
    public void A_name_is_no_path_and_is_not_repeated_in_the_refusal(string name) =>
        Assert.Contains("secret 1 is not NAME or NAME=KEY", TaskSpecRules.Problem(new TaskSpec { Argv = ["true"], Secrets = [name] }),
            StringComparison.Ordinal);

    private string Problem(string path, string name) => Assert.Throws<StartException>(() => new SecretStore(_folder[path]).Resolve([name], "w1")).Message;

    private void Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        File.SetUnixFileMode(_folder[name], Own);
    }
}
