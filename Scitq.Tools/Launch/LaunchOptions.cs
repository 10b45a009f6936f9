using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Launch;

/// <summary>The options of scitq-launch: one table for splitter, help and documentation.</summary>
internal static class LaunchOptions
{
    public static readonly IReadOnlyList<Option> All =
    [
        new("batch", 'b', "NAME", "batch of the task (default: $SCITQ_BATCH, else Default)") { Section = "Task", Given = Given.Once },
        new("name", 'n', "NAME", "name of the task") { Section = "Task", Given = Given.Once },
        new("docker", 'd', "IMAGE", "run inside this image (default: directly on the worker)") { Section = "Task", Given = Given.Once },
        new("option", 'O', "OPTIONS", "docker run options in one quoted string: -O '--gpus all'; needs -d") { Section = "Task", Given = Given.Once },
        new("uid", 'u', "UID", "run as this numeric user id") { Section = "Task", Given = Given.Once },
        new("gid", 'g', "GID", "run as this numeric group id") { Section = "Task", Given = Given.Once },
        new("env", 'e', "NAME=VALUE", "set an environment variable for the command") { Section = "Task", Given = Given.Many },
        new("secret", '\0', "NAME[=KEY]", "set a variable to a secret that the workers keep (under KEY); its value is never sent")
            { Section = "Task", Given = Given.Many },
        new("mask-secrets", '\0', null, "make their values * in what COMMAND prints") { Section = "Task" },
        new("shell", '\0', null, "COMMAND is shell text: the same as sh -c 'COMMAND ...'") { Section = "Task" },
        new("input", 'i', "URI", "file or folder/ to put in /input ($INPUT without docker)") { Section = "Data", Given = Given.Many },
        new("resource", 'r', "URI[|ACTION]", "the same for /resource ($RESOURCE), shared by the tasks of a worker; ACTION: untar, gunzip, unzip, mv:FOLDER")
            { Section = "Data", Given = Given.Many },
        new("output", 'o', "URI", "folder that receives /output ($OUTPUT) at the end") { Section = "Data", Given = Given.Once },
        new("use-cache", '\0', null, "take the outputs of an identical task that succeeded with this option, instead of running it") { Section = "Data" },
        new("strict-output", '\0', null, "fail (class disk) when some of what COMMAND printed could not be kept, which is else a warning") { Section = "Data" },
        new("priority", '\0', "N", "start before tasks of its batch with a lower one: -10 to 10 (default: the batch's, which is 0)") { Section = "Limits" },
        new("retry", '\0', "N", "run again up to N times after a failure") { Section = "Limits" },
        new("run-timeout", '\0', "DUR", "kill the command after DUR: 900, 15m, 2h30m") { Section = "Limits" },
        new("download-timeout", '\0', "DUR", "give up fetching inputs and resources after DUR") { Section = "Limits" },
        new("requirements", 'R', "IDS", "start when these tasks have succeeded: -R '12 15' or -R 12,15") { Section = "Limits", Given = Given.Many },
        new("after-any", '\0', "IDS", "start when these tasks have ended, however") { Section = "Limits", Given = Given.Many },
        new("on-requirement-failure", '\0', "WHAT", "when a task of -R fails, is cancelled or deleted: wait (default) or cancel") { Section = "Limits" },
        new("each-line", '\0', "FILE", "one task for each line; {} and $SCITQ_ENTRY hold the line (FILE '-' is stdin)")
            { Section = "Many tasks from one call", Given = Given.Once },
        new("tsv", '\0', "FILE", "one task for each row; {COLUMN} is filled in, in every option and in COMMAND")
            { Section = "Many tasks from one call", Given = Given.Once },
        new("test", 't', null, "show the command that would be sent, queue nothing (with -v: the whole task)") { Section = "Behaviour", Alias = "dry-run" },
        new("wait", 'w', null, "wait for the end; exit with the task's own exit code") { Section = "Behaviour" },
        new("follow", 'f', null, "show the task's output as it comes; implies --wait") { Section = "Behaviour" },
        new("quiet", 'q', null, "print the task id only") { Section = "Behaviour" },
        new("verbose", 'v', null, "show the whole task, and what is said to the server") { Section = "Behaviour" },
        new("json", '\0', null, "print JSON") { Section = "Behaviour" },
        new("format", '\0', "FMT", "text (default) or json") { Section = "Behaviour", Choices = ["text", "json"] },
        new("server", 's', "ADDR", "host, host:port, http(s)://... or amqp(s)://... (default: $SCITQ_SERVER, else 127.0.0.1)")
            { Section = "Behaviour", Given = Given.Once },
        new("server-file", '\0', "FILE", "file that holds ADDR, password and all (default: $SCITQ_SERVER_FILE)") { Section = "Behaviour", Given = Given.Once },
        new("bus-ca", '\0', "FILE", "PEM file of the authorities trusted for amqps:// (default: $SCITQ_BUS_CA, else the machine's)")
            { Section = "Behaviour", Given = Given.Once },
        new("bus-cert", '\0', "FILE", "PEM file with a certificate to show the broker (default: $SCITQ_BUS_CERT)")
            { Section = "Behaviour", Given = Given.Once },
        new("bus-key", '\0', "FILE", "PEM file with its key, if it is another (default: $SCITQ_BUS_KEY)") { Section = "Behaviour", Given = Given.Once },
        new("token-file", '\0', "FILE", "file that holds the API token (default: $SCITQ_TOKEN, $SCITQ_TOKEN_FILE, your own server's)")
            { Section = "Behaviour" },
        new("insecure", '\0', null, "no word about a token that goes over plain http to another host") { Section = "Behaviour" },
        new("timeout", '\0', "DUR", "how long to try to reach the server (default: 60)") { Section = "Behaviour" },
        new("task-id", '\0', "GUID", "the task's own id: sent twice, it is still one task") { Section = "Behaviour", Given = Given.Once },
        new("help", 'h', null, "show this help") { Section = "Behaviour" },
        new("version", '\0', null, "show the version") { Section = "Behaviour" },
    ];

    public const string Usage = "scitq-launch [OPTIONS] [--] COMMAND [ARG]...";

    public const string Summary =
        """
        Queue a task: a worker of the batch will run COMMAND. Options end at COMMAND, so COMMAND's
        own options need no '--'. A command that itself starts with a dash needs it.
        """;

    public static readonly IReadOnlyList<string> Examples =
    [
        "scitq-launch echo 'Hello world!'",
        "scitq-launch -b mybatch -d ubuntu:latest sh -c 'zcat /input/*.f*q.gz | wc -l'",
        "scitq-launch -r 's3://resource/mybigdb.tgz|untar' -d mydocker mycommand --db /resource/mybig.db",
        "scitq-launch -o s3://results/test/ -d ubuntu:latest touch /output/helloworld",
        "for i in $(seq 10); do scitq-launch -t -i s3://input/$i.dat -d img cmd -i /input/$i.dat; done",
        "scitq-launch --tsv samples.tsv -n '{sample}' -i '{uri}' -d img tool --in '/input/{file}'",
        "scitq-launch --follow sh -c 'echo One; sleep 5; echo Two; exit 3'",
    ];

    public static void WriteHelp(TextWriter writer) => HelpPage.Write(writer, Usage, Summary, Examples, All);
}
