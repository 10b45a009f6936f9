using Scitq.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Fetch;

[Trait("Level", "Unit")]
public sealed class StorageFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_account_that_takes_the_name_is_used()
    {
        Write("lab.key", "s3cret\n");
        var read = Read("""
            {
              "s3": [{ "buckets": ["lab-*", "x?"], "endpoint": "https://s3.example.org", "access_key_id": "id", "secret_access_key_file": "lab.key" },
                     { "region": "eu-west-3", "profile": "p" }],
              "azure": { "containers": ["rnd"], "account": "a", "sas_token": "sv=1" }, // one alone
            }
            """);
        Assert.Equal(("id", "s3cret", "https://s3.example.org"),
            (read.ForBucket("lab-1")!.AccessKeyId, read.ForBucket("x1")!.SecretAccessKey, read.ForBucket("lab-")!.Endpoint));
        Assert.Equal(("p", "eu-west-3", null), (read.ForBucket("Lab-1")!.Profile, read.ForBucket("x12")!.Region, read.ForBucket("my-lab-1")!.AccessKeyId));
        Assert.Equal(("a", "sv=1"), (read.ForContainer("rnd")!.Account, read.ForContainer("rnd")!.SasToken));
        Assert.Null(read.ForContainer("rnd2"));
    }

    [Theory]
    [InlineData("{", "no JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"s3":[],"s3":[]}""", "key twice")]
    [InlineData("""{"gcs":[]}""", "unknown key 'gcs'")]
    [InlineData("""{"ftp":[{"host":"s3cret"}]}""", "ftp number 1 has the unknown key 'host'")]
    [InlineData("""{"ftp":[{"tls":"s3cret"}]}""", "a tls that is neither true nor false")]
    [InlineData("""{"ftp":[{"ca_file":"nowhere"}]}""", "names a ca_file that can't be read")]
    [InlineData("""{"ftp":[{"ca_file":"storage.json"}]}""", "holds no certificate")]
    [InlineData("""{"ftp":[{"tls":true},{"hosts":["a"]}]}""", "ftp that are never used")]
    [InlineData("""{"s3":["s3cret"]}""", "s3 number 1 is not a JSON object")]
    [InlineData("""{"s3":[{"secret_key":"s3cret"}]}""", "s3 number 1 has the unknown key 'secret_key'")]
    [InlineData("""{"s3":[{"secret_access_key":"s3cret"}]}""", "only one of")]
    [InlineData("""{"s3":[{"access_key_id":"i","secret_access_key":"s3cret","profile":"p"}]}""", "a key and a profile")]
    [InlineData("""{"s3":[{"access_key_id":"i","secret_access_key":"s3cret","secret_access_key_file":"f"}]}""", "both")]
    [InlineData("""{"s3":[{"access_key_id":"i","secret_access_key_file":"nowhere"}]}""", "can't be read")]
    [InlineData("""{"s3":[{"endpoint":"s3.example.org"}]}""", "no http:// or https://")]
    [InlineData("""{"s3":[{"endpoint":"http://i:s3cret@h"}]}""", "no http:// or https://")]
    [InlineData("""{"s3":[{"buckets":"lab"}]}""", "no list of names")]
    [InlineData("""{"s3":[{"region":1}]}""", "region that is no text")]
    [InlineData("""{"s3":[{},{"buckets":["a"]}]}""", "never used")]
    [InlineData("""{"azure":[{"key":"s3cret"}]}""", "either an account or a connection_string")]
    [InlineData("""{"azure":[{"account":"a","key":"s3cret","sas_token":"s3cret"}]}""", "a key and a sas_token")]
    [InlineData("""{"azure":[{"connection_string":"s3cret","key":"s3cret"}]}""", "which holds all the rest")]
    public void What_can_not_be_meant_is_refused_without_a_word_of_its_values(string json, string said)
    {
        var message = Assert.Throws<ArgumentException>(() => Read(json)).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Servers_of_FTP_are_found_by_their_name_in_any_case_with_whom_they_are_trusted_by()
    {
        using var authority = new TestAuthority();
        authority.Write(_folder["ca.pem"]);
        var read = Read("""{ "ftp": [{ "hosts": ["*.lab.example.org"], "tls": true, "ca_file": "ca.pem" }] }""");
        Assert.Equal((true, 1), (read.ForFtp("FTP.lab.example.org")!.Tls, read.ForFtp("ftp.lab.example.org")!.Authorities!.Count));
        Assert.Null(read.ForFtp("lab.example.org"));
    }

    [Fact]
    public void A_file_that_others_may_read_is_refused()
    {
        var file = Write("storage.json", "{}");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Assert.Throws<ArgumentException>(() => StorageFile.Read(file)).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(Write("open.key", "s3cret"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var open = Assert.Throws<ArgumentException>(() => Read("""{"azure":{"account":"a","key_file":"open.key"}}"""));
        Assert.Contains("open.key", open.Message, StringComparison.Ordinal);
    }

    private StorageProfiles Read(string json) => StorageFile.Read(Write("storage.json", json));

    private string Write(string name, string text)
    {
        var file = _folder[name];
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }
}
