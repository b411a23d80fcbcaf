# Write numbered lines to stdout as fast as it takes them, then wait to be stopped.
#
# `log_writer.pl LINES line|block REPORT`: `line` writes each line by itself, `block` 640 lines at a time. The seconds the
# writing took (monotonic start and end) go into the file REPORT, which appears only when everything is written.
# In Perl because its syswrite costs least: 2,000,000 calls of Python's os.write take as long as all that is measured.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $LINE_LENGTH = 100;
my $BLOCK_LINES = 640;

my ($lines, $mode, $report) = @ARGV;
my $step = $LINE_LENGTH * ($mode eq "block" ? $BLOCK_LINES : 1);

# Made before the clock starts: it is not to be measured how fast this program can format.
my $text = "";
$text .= sprintf("%08d ", $_) . "." x ($LINE_LENGTH - 10) . "\n" for 0 .. $lines - 1;

my $start = clock_gettime(CLOCK_MONOTONIC);
for (my $at = 0; $at < length $text;) {
    my $left = $step - $at % $step;    # the kernel may have taken only a part of the last one
    $at += syswrite(STDOUT, $text, $left, $at) // die "cannot write: $!\n";
}
my $end = clock_gettime(CLOCK_MONOTONIC);

open(my $file, ">", "$report.part") or die "cannot write $report.part: $!\n";
printf $file "%.6f %.6f", $start, $end;
close($file);
rename("$report.part", $report);
sleep 3600 while 1;
